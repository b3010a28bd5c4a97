import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// Rows are blamed on the columns that they would gain most by.
@Suite struct ExplanationTests {
    private struct Reply: Decodable {
        struct Outcome: Decodable {
            var value: JSONScalar
            var probability: Double
        }
        enum End: Decodable {
            case number(Double)
            case outcome(Outcome)

            init(from decoder: any Decoder) throws {
                if let number = try? decoder.singleValueContainer().decode(Double.self) {
                    self = .number(number)
                } else {
                    self = .outcome(try Outcome(from: decoder))
                }
            }
        }
        struct Entry: Decodable {
            var variable: String
            var value: JSONScalar?
            var gain: Double
            var expected: JSONScalar
            var range: [End]
        }
        var explanations: [[Entry]]
        var logLikelihood: [Double]
    }

    /// A Float, or a step of the column, would have lost digits of them.
    @Test func numbersAreQuotedAsTheyCame() throws {
        let service = try TestService([TableModel.model()])
        for number in ["770.77", "99999.123456789", "-0.1"] {
            let object = TableModel.object(["price": number])
            let asked = "{\"rows\":[\(object)],\"explain\":6}"
            let instance = "{\"instances\":[\(object)]}"
            let answers = [
                try service.post("/score", asked), try service.post("/score?explain=6", "{\"rows\":[\(object)]}"),
                try service.post("/v1/models/table:explain", instance),
                try service.client()(
                    "POST", "/score?explain=6", headers: ["Content-Type: application/x-ndjson"], body: "\(object)\n"),
            ]
            for answer in answers {
                #expect(answer.status == 200 && answer.text.contains("\"value\":\(number),"), "\(answer.text)")
            }
        }
    }

    @Test func longTextsAreQuotedInPart() throws {
        let service = try TestService([TableModel.model()])
        let long = String(repeating: "\u{E9}", count: 200) + "x"
        let object = TableModel.object(["city": "\"\(long)\""])
        let answer = try service.post("/score", "{\"rows\":[\(object)],\"explain\":6}")
        #expect(answer.text.contains("\"value\":\"\(long.prefix(128))\""), "\(answer.text)")
    }

    @Test(arguments: [1, 2]) func theColumnThatTheRowGainsMostByComesFirst(members: Int) throws {
        let model = TableModel.model(members: members)
        let service = try TestService([model])
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let schema = try #require(RowSchema(compiled.card))
        for changes in [[:], ["price": "99999"], ["city": "\"Ulm\"", "size": "-7.5"], ["side": "\"left\""]] {
            let object = TableModel.object(changes)
            let text = try service.post("/score", "{\"rows\":[\(object)],\"explain\":6}")
            let reply = try text.decode(Reply.self)
            let entries = reply.explanations[0]
            var row = TableModel.encodedCells
            for (index, variable) in TableModel.variables.enumerated() {
                guard let cell = changes[variable.name] else { continue }
                row[index] = try schema.read(
                    cell.replacing("\"", with: ""), column: index, options: ReadingOptions()
                ).value
            }
            let gains = compiled.gains(of: row, using: workspace)
            #expect(entries.map(\.gain) == gains.map(\.gain).sorted(by: >), "\(changes)")
            for entry in entries {
                let index = try #require(TableModel.variables.firstIndex { $0.name == entry.variable })
                #expect(entry.gain == gains[index].gain)
                // With the expected value in its place the row has what it gains.
                let expected =
                    switch entry.expected {
                    case .text(let text): "\"\(text)\""
                    case .number(let number): NumberText.text(number)
                    }
                let mended = try service.score(TableModel.object(changes.merging([entry.variable: expected]) { $1 }))
                let gained = try #require(mended.logLikelihood[0]) - reply.logLikelihood[0]
                #expect(abs(gained - entry.gain) < 2e-3 * max(1, abs(reply.logLikelihood[0])), "\(changes) \(entry)")
                check(entry.range, of: TableModel.variables[index])
            }
        }
    }

    private func check(_ range: [Reply.End], of variable: Variable) {
        if case .number(let low)? = range.first, case .number(let high)? = range.last {
            if case .real(let encoding) = variable.kind {
                #expect(low >= encoding.minimum ?? low && high <= encoding.maximum ?? high)
            }
            return #expect(range.count == 2 && low <= high)
        }
        let probabilities = range.compactMap { if case .outcome(let outcome) = $0 { outcome.probability } else { nil } }
        #expect(probabilities.count == range.count && probabilities == probabilities.sorted(by: >))
        let sum = probabilities.reduce(0, +)
        #expect(sum >= 0.9 - 1e-6 && sum - (probabilities.last ?? 0) < 0.9 + 1e-6)
    }

    @Test func explanationsOfManyRowsAreThoseOfEach() throws {
        let service = try TestService([TableModel.model(members: 2)])
        let prices = (0..<300).map { TableModel.object(["price": "\($0 * 40)"]) }
        let all = try service.score(prices.joined(separator: ","), options: #","explain":2"#)
        for row in stride(from: 0, to: 300, by: 37) {
            let alone = try service.score(prices[row], options: #","explain":2"#)
            #expect(all.explanations?[row] == alone.explanations?[0], "\(row)")
        }
    }

    @Test func aRowOfUnknownValuesIsExplainedByItsSurprisals() throws {
        let service = try TestService([TableModel.model()])
        let reply = try service.score(
            TableModel.object(["city": "null"]), options: #","explain":6,"missing":"unknown""#)
        let entries = try #require(reply.explanations?[0])
        #expect(entries.count == 5 && entries.allSatisfy { $0.gain == nil && $0.expected == nil })
        #expect(entries.map(\.surprisal) == entries.map(\.surprisal).sorted(by: >))
    }
}
