import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// Rows that are anomalies are put right by few changes.
@Suite struct RepairTests {
    private struct Reply: Decodable {
        struct Change: Decodable {
            var variable: String
            var from: JSONScalar?
            var to: JSONScalar
            var gain: Double
        }
        struct Repair: Decodable {
            var p_value: [Double]
            var repaired: Bool?
            var changes: [Change]
            var row: [String: JSONScalar?]
        }
        var alpha: Double
        var repairs: [Repair]
    }

    private func ask(_ service: TestService, _ rows: String, _ more: String = "") throws -> [Reply.Repair] {
        let response = try service.post("/repair", "{\"rows\":[\(rows)]\(more)}")
        try #require(response.status == 200, "\(response.text)")
        return try JSONDecoder().decode(Reply.self, from: Data(response.body)).repairs
    }

    private func score(_ service: TestService, _ row: [String: JSONScalar?]) throws -> ScoreReply {
        let cells = row.map { name, cell in
            let value =
                switch cell {
                case .text(let text)?: "\"\(text)\""
                case .number(let number)?: NumberText.text(number)
                case nil: "null"
                }
            return "\"\(name)\":\(value)"
        }
        return try service.score("{\(cells.joined(separator: ","))}")
    }

    /// Random rows with some cells spoilt: what is answered is what scoring says of the row before and after.
    @Test(arguments: [1, 2]) func answersAgreeWithScores(members: Int) throws {
        let service = try TestService([TableModel.model(members: members)])
        let spoilt = [
            [:], ["price": "99999"], ["city": "\"Ulm\"", "size": "-7.5"], ["side": "\"left\"", "size": "40"],
            ["city": "null", "size": "90"], ["city": "\"Atlantis\""], ["price": "-40000", "size": "60", "grade": "5"],
        ]
        var (repairedCount, usualCount) = (0, 0)
        for changes in spoilt {
            let object = TableModel.object(changes, #","id":"A-7""#)
            let before = try service.score(TableModel.object(changes))
            let repair = try ask(service, object, #","alpha":0.05,"changes_max":3"#)[0]
            #expect(repair.p_value[0] == before.pValue?[0], "\(changes)")
            #expect(repair.row["id"] == .some(.some(.text("A-7"))))
            let isAnomaly = repair.p_value[0] <= 0.05
            #expect((repair.repaired == nil) == !isAnomaly && repair.changes.isEmpty == !isAnomaly, "\(repair)")
            guard isAnomaly else {
                usualCount += 1
                continue
            }
            var row = repair.row
            row["id"] = nil
            let after = try score(service, row)
            guard repair.repaired == true else {
                #expect(after.logLikelihood[0] == before.logLikelihood[0], "the row is as it came")
                continue
            }
            repairedCount += 1
            #expect(after.pValue?[0] == repair.p_value[1] && repair.p_value[1] > 0.05, "\(repair)")
            let gained = repair.changes.reduce(0) { $0 + $1.gain }
            let difference = try #require(after.logLikelihood[0]) - #require(before.logLikelihood[0])
            #expect(abs(gained - difference) < 1e-9 * max(1, abs(difference)), "\(repair)")
            for change in repair.changes { #expect(repair.row[change.variable] == .some(change.to)) }
            for name in TableModel.variables.map(\.name) where !repair.changes.contains(where: { $0.variable == name })
            {
                let sent = try service.post("/repair", "{\"rows\":[\(object)],\"alpha\":1}").text
                #expect(sent.contains("\"\(name)\":"), "\(sent)")
            }
        }
        #expect(repairedCount >= 4 && usualCount >= 1, "\(repairedCount), \(usualCount)")
    }

    @Test func theFirstChangeIsThatOfTheLargestGain() throws {
        let model = TableModel.model(members: 2)
        let service = try TestService([model])
        let compiled = CompiledModel(model)
        for price in [50_000.0, -20_000] {
            var row = TableModel.encodedCells
            row[1] = model.variables[1].encode(price)
            let gains = compiled.gains(of: row, using: compiled.makeWorkspace())
            let best = try #require(gains.max { $0.gain < $1.gain })
            let repair = try ask(
                service, TableModel.object(["price": NumberText.text(price)]), #","changes_max":1"#)[0]
            let change = try #require(repair.changes.first)
            #expect(change.variable == TableModel.variables[best.variable].name && change.from == .number(price))
            #expect(change.to == .number(best.expected) && abs(change.gain - best.gain) < 1e-3 * best.gain, "\(change)")
        }
    }

    @Test func aRowThatFewChangesDoNotMendStaysAsItIs() throws {
        let service = try TestService([TableModel.model()])
        let object = TableModel.object(["price": "90000", "size": "80"])
        let one = try ask(service, object, #","changes_max":1"#)[0]
        #expect(one.repaired == false && one.changes.count == 1 && one.p_value[1] <= 0.01, "\(one)")
        #expect(one.row["price"] == .some(.number(90000)) && one.row["size"] == .some(.number(80)))
        let two = try ask(service, object, #","changes_max":2"#)[0]
        #expect(two.repaired == true && Set(two.changes.map(\.variable)) == ["price", "size"], "\(two)")
    }

    @Test func datesAreChangedAsAWhole() throws {
        let service = try TestService([OrderModel.model()])
        let usual = #"{"ordered":"2024-03-01 10:15","amount":60,"sent":1709291700}"#
        #expect(try ask(service, usual, #","alpha":0.005"#)[0].changes.isEmpty)
        // The parcel is sent a year before it is ordered.
        let early = #"{"ordered":"2024-03-01 10:15","amount":60,"sent":1677669300}"#
        let repair = try ask(service, early)[0]
        #expect(repair.repaired == true && repair.changes.map(\.variable) == ["sent"], "\(repair)")
        let scored = try score(service, repair.row)
        #expect(scored.pValue?[0] == repair.p_value[1])
        guard case .number(let sent)? = repair.row["sent"] ?? nil else {
            Issue.record("\(repair)")
            return
        }
        #expect(sent > 1_709_000_000 && sent < 1_710_000_000, "\(repair)")
    }

    @Test func whatHasNoMeaningIsRefused() throws {
        let service = try TestService([
            randomModel("m", variables: 3), randomModel("calibrated", variables: 3, calibrated: true),
        ])
        for (path, body, status, pointer, detail) in [
            ("/models/m/repair", #"{"rows":[]}"#, 422, nil, "no calibration"),
            ("/models/calibrated/repair", #"{"rows":[],"alpha":0.004}"#, 422, "/alpha", "199 calibration rows"),
            ("/models/calibrated/repair", #"{"rows":[],"changes_max":0}"#, 422, "/changes_max", "1 to 3"),
            ("/models/calibrated/repair", #"{"rows":[],"changes_max":"2"}"#, 400, "/changes_max", "a whole number"),
            ("/models/calibrated/repair", #"{"rows":[],"explain":2}"#, 400, "/explain", "not a field"),
            ("/models/calibrated/repair", #"{"rows":[[0,1]]}"#, 422, "/rows/0", "3 columns"),
        ] as [(String, String, Int, String?, String)] {
            let problem = try service.post(path, body).decode(ProblemReply.self)
            #expect(problem.status == status && problem.pointer == pointer, "\(problem)")
            #expect(problem.detail.contains(detail), "\(problem)")
        }
        #expect(try service.post("/models/calibrated/repair", #"{"rows":[]}"#).text.contains(#""repairs":[]"#))
    }
}
