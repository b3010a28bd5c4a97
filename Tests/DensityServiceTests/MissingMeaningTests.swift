import Foundation
import MADE
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private struct Explained: Decodable {
    struct Part: Decodable {
        var variable: String
        var unseen: Bool?
        var value: JSONScalar?
    }
    var logLikelihood: [Double]
    var standardError: [Double]?
    var explanations: [[Part]]
}

/// A table with holes in all columns and with zeros.
private enum HolesModel {
    static let variables = [
        Variable(
            name: "city", kind: .categorical(Categories(labels: ["Ulm", "Bonn"])),
            unseen: UnseenValues(rowCount: 900), hasMissing: true),
        Variable(name: "paid", kind: .binary(.plusMinusOne), unseen: UnseenValues(rowCount: 900), hasMissing: true),
        Variable(
            name: "amount",
            kind: .real(
                RealEncoding(
                    centre: 100, scale: 50, componentCount: 2, scaleFloor: 0.1, resolution: 0.01, minimum: 0,
                    maximum: 900, atoms: [0, 99.99])), unseen: UnseenValues(rowCount: 900), hasMissing: true),
    ]

    static var model: DensityModel {
        var generator = PhiloxGenerator(seed: 4)
        var model = RandomModel.mixed(variables, hiddenWidths: [16], memberCount: 2, using: &generator)
        model.name = "holes"
        return model
    }
}

@Test func aLostValueIsUnseenUnlessItIsSaidToBeUnknown() throws {
    let model = TableModel.model(members: 2)
    let service = try TestService([model])
    let row = TableModel.object(["city": "null", "flag": "null"])
    func explain(_ options: String) throws -> Explained {
        try service.post("/score", "{\"rows\":[\(row)],\"explain\":6\(options)}").decode()
    }
    let lost = try explain("")
    let parts = lost.explanations[0].filter { $0.unseen == true }
    #expect(Set(parts.map(\.variable)) == ["city", "flag"] && parts.allSatisfy { $0.value == nil })
    #expect(lost.standardError == nil)
    var encoded = TableModel.encodedCells.map(Double.init)
    (encoded[0], encoded[3]) = (-1, -1)
    let exact = Oracle(model).logLikelihood(of: encoded)
    #expect(abs(lost.logLikelihood[0] - exact) < 1e-4 * abs(exact))
    let unknown = try explain(#","missing":"unknown""#)
    #expect(unknown.explanations[0].allSatisfy { $0.unseen == nil } && unknown.explanations[0].count == 4)
    #expect(unknown.standardError != nil && unknown.logLikelihood[0] > lost.logLikelihood[0])
    // The same by lines, and of a tensor's NaN.
    for (query, value) in [("", lost), ("?missing=outcome", lost), ("?missing=unknown", unknown)] {
        let line = try service.send(lines: row, "application/x-ndjson", to: "/score\(query)").scoreLines()[0]
        #expect(line.logLikelihood == value.logLikelihood[0], "\(query)")
    }
    for path in ["/score?missing=guess", "/score"] {
        let body = path == "/score" ? #"{"rows":[],"missing":"guess"}"# : #"{"rows":[]}"#
        let problem = try service.post(path, body).decode(ProblemReply.self)
        #expect(problem.status == 422 && problem.detail.contains("must be \"outcome\" or \"unknown\""), "\(path)")
    }
}

@Test func aModelThatLearnedMissingValuesAndAtomsTellsThemEverywhere() throws {
    let model = HolesModel.model
    let oracle = Oracle(model)
    let service = try TestService([model])
    let outcome = 0x1p101
    let rows: [(json: String, csv: String, row: [Double])] = [
        (#"["Ulm",1,0]"#, "Ulm,1,0", [0, 1, 2 * outcome]), ("[null,null,null]", ",,", [outcome, outcome, outcome]),
        (#"{"amount":"99.990"}"#, ",,99.99", [outcome, outcome, 3 * outcome]),
        (#"["Bonn",null,0.01]"#, "Bonn,,1e-2", [1, outcome, (0.01 - 100) / 50]),
    ]
    let reply: Explained = try service.post(
        "/score", "{\"rows\":[\(rows.map(\.json).joined(separator: ","))],\"explain\":3}"
    ).decode()
    #expect(reply.standardError == nil && reply.explanations.allSatisfy { $0.allSatisfy { $0.unseen == nil } })
    let lines = try service.send(lines: "city,paid,amount\n" + rows.map { $0.csv + "\n" }.joined()).scoreLines()
    for (index, row) in rows.enumerated() {
        let exact = oracle.logLikelihood(of: row.row.map { Double(Float($0)) })
        #expect(abs(reply.logLikelihood[index] - exact) < 1e-5 * max(1, abs(exact)), "\(row.json)")
        #expect(lines[index].logLikelihood == reply.logLikelihood[index], "\(row.json)")
    }
    // What is sampled can be sent back.
    struct Samples: Decodable {
        var logLikelihood: [Double]
    }
    for format in ["csv", "ndjson"] {
        let samples = try service.get("/sample?n=200&seed=3&format=\(format)").text
        let type = format == "csv" ? "text/csv" : "application/x-ndjson"
        let scored = try service.send(lines: samples, type).scoreLines()
        let json: Samples = try service.get("/sample?n=200&seed=3").decode()
        #expect(scored.map(\.logLikelihood) == json.logLikelihood, "\(format)")
        #expect(
            samples.contains(format == "csv" ? ",0\n" : ",0]") && samples.contains(format == "csv" ? ",\n" : "null"))
    }
}

@Test func conditionalsOfOutcomesAddUpToOne() throws {
    struct Conditionals: Decodable {
        struct Part: Decodable {
            struct Atom: Decodable {
                var value: Double
                var probability: Double
            }
            var variable: String
            var probability: Double?
            var probabilities: [String: Double]?
            var atoms: [Atom]?
            var missing: Double?
            var quantiles: [String: Double]?
        }
        var conditionals: [[Part]]
    }
    let service = try TestService([HolesModel.model])
    let reply: Conditionals = try service.post("/conditionals", #"{"rows":[["Ulm",1,0]]}"#).decode()
    #expect(reply.conditionals[0].count == 3)
    for part in reply.conditionals[0] {
        let missing = try #require(part.missing)
        if let probabilities = part.probabilities {
            #expect(abs(probabilities.values.reduce(missing, +) - 1) < 1e-9)
        } else if let atoms = part.atoms {
            #expect(atoms.map(\.value) == [0, 99.99] && atoms.reduce(missing) { $0 + $1.probability } < 1)
            let quantiles = try #require(part.quantiles)
            #expect((quantiles["0.05"] ?? 1) <= (quantiles["0.95"] ?? 0))
        } else {
            let probability = try #require(part.probability)
            #expect(probability > 0 && probability + missing < 1)
        }
    }
}
