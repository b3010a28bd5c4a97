import Foundation
import MADE
import Oracle
import Testing

/// What `Fixtures/make_fixtures.py` wrote beside each state dict.
struct Expectation: Decodable, CustomTestStringConvertible {
    struct Violation: Decodable {
        let output: Int
        let input: Int
    }

    let activation: Activation
    let ordering: [Int]?
    let unique: Bool?
    let rows: [[Double]]?
    let log_likelihood: [Double]?
    let refused: String?
    let violation: Violation?
    var name = ""

    private enum CodingKeys: CodingKey { case activation, ordering, unique, rows, log_likelihood, refused, violation }

    var path: String { Fixtures.path("\(name).safetensors") }
    var testDescription: String { name }
}

enum Fixtures {
    static func path(_ name: String) -> String {
        Bundle.module.resourcePath.map { "\($0)/Fixtures/\(name)" } ?? name
    }

    static let all: [Expectation] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(""))) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
            guard let data = FileManager.default.contents(atPath: path(name)),
                var expectation = try? JSONDecoder().decode(Expectation.self, from: data)
            else { return nil }
            expectation.name = String(name.dropLast(".json".count))
            return expectation
        }
    }()
}

@Suite struct StateDictTests {
    @Test func allFixturesAreThere() {
        #expect(Fixtures.all.filter { $0.refused == nil }.count >= 8)
        #expect(Fixtures.all.filter { $0.violation != nil }.count >= 3)
    }

    @Test(arguments: Fixtures.all.filter { $0.refused == nil })
    func agreesWithPyTorch(fixture: Expectation) throws {
        let rows = try #require(fixture.rows)
        let expected = try #require(fixture.log_likelihood)
        let oracle = Oracle(try Checkpoint.read(fixture.path, activation: fixture.activation))
        // The oracle has no rounding of its own to speak of: what differs would be masks, order or activation.
        for (row, logLikelihood) in zip(rows, expected) {
            #expect(abs(oracle.logLikelihood(of: row) - logLikelihood) < 1e-9 * abs(logLikelihood))
        }
        let (model, _) = try Checkpoint.load(fixture.path, activation: fixture.activation)
        var scores = [Double](repeating: 0, count: rows.count)
        var span = scores.mutableSpan
        let values = rows.flatMap { $0.map(Float.init) }
        model.score(values.span, into: &span, using: model.makeWorkspace())
        for (score, logLikelihood) in zip(scores, expected) {
            #expect(abs(score - logLikelihood) < 1e-5 * abs(logLikelihood))
        }
    }

    @Test(arguments: Fixtures.all.filter { $0.unique == true })
    func findsTheOrdering(fixture: Expectation) throws {
        let model = try Checkpoint.read(fixture.path, activation: fixture.activation)
        #expect(model.members.map(\.ordering.variables) == [fixture.ordering])
    }

    @Test(arguments: Fixtures.all.filter { $0.violation != nil })
    func aFlippedMaskBitIsRefusedNamingOutputAndInput(fixture: Expectation) throws {
        let violation = try #require(fixture.violation)
        #expect(
            throws: CheckpointError(
                fixture.path,
                .notAutoregressive(
                    AutoregressiveViolation(
                        output: "v\(violation.output)", input: "v\(violation.input)", evidence: .masks)))
        ) {
            try Checkpoint.read(fixture.path, activation: fixture.activation)
        }
    }

    @Test func aFileWithoutMasksIsRefused() {
        let path = Fixtures.path("masks_missing.safetensors")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.read(path, activation: .relu) }
        #expect(error?.description.contains("has no mask") == true, "\(String(describing: error))")
    }

    @Test func theActivationMustBeSaid() throws {
        let fixture = try #require(Fixtures.all.first { $0.refused == nil })
        #expect(throws: CheckpointError(fixture.path, .activationNeeded)) { try Checkpoint.read(fixture.path) }
    }
}
