import Foundation
import MADE
import MADERows
import RawHTTP
import Testing

@testable import DensityService

private struct Scored: Decodable {
    var logLikelihood: [Double?]
    var pValue: [Double?]
    var anomaly: [Bool?]
    var score: [Double?]
    var groups: [String?]?
    var calibrationRows: [Int?]?
    var note: String?
}

private struct Line: Decodable {
    var pValue: Double?
    var anomaly: Bool?
    var score: Double?
    var group: String?
}

private struct Predictions: Decodable {
    var predictions: [Line]
}

private struct Card: Decodable {
    var calibration: Calibration

    struct Calibration: Decodable {
        var rows: Int
        var smallestPValue: Double
        var groups: Groups?
    }

    struct Groups: Decodable, Equatable {
        var column: String
        var own: [Group]
        var restRows: Int
    }

    struct Group: Decodable, Equatable {
        var group: String
        var rows: Int
    }
}

/// The random model, calibrated on its own samples with a calibration a value of `column`.
private func grouped(by column: String, rows count: Int = 900, kept: Int = 600) throws -> DensityModel {
    var model = TableModel.model(calibrationRows: 0)
    let compiled = CompiledModel(model)
    let samples = compiled.sample(SamplingRequest(count: count, seed: 5), using: compiled.makeWorkspace())
    let width = compiled.variableCount
    let variable = try #require(model.variables.firstIndex { $0.name == column })
    let classes = (0..<count).map { row in
        GroupCalibration.classIndex(of: samples.rows[row * width + variable], model.variables[variable])
    }
    model.calibration = Calibration(
        logLikelihoods: samples.logLikelihoods,
        rows: CalibrationRows(Array(samples.rows.prefix(kept * width)), variableCount: width),
        groups: GroupCalibration(
            variable: variable,
            names: try #require(GroupCalibration.names(of: model.variables[variable], model.schema)),
            rowClasses: classes, logLikelihoods: samples.logLikelihoods, otherScores: []),
        variables: model.variables)
    return model
}

private let objects = [
    TableModel.object(), TableModel.object(["city": "\"Köln\""]), TableModel.object(["city": "\"Ulm\""]),
    TableModel.object(["city": "\"Rome\""]), TableModel.object(["price": "9000"]),
]
private let body = "{\"rows\":[\(objects.joined(separator: ","))]"
private let lines = objects.map { $0 + "\n" }.joined()
private let names = ["Paris", "Köln", nil, nil, "Paris"]

@Suite struct GroupServiceTests {
    @Test func everyFormOfAnAnswerRanksARowInItsGroupAndSaysSo() throws {
        let model = try grouped(by: "city")
        let calibration = try #require(model.calibration)
        let groups = try #require(calibration.groups)
        #expect(groups.isOwn(0) && groups.isOwn(1) && groups.names == ["Köln", "Paris", "other"])
        let service = try TestService([model])
        let found = try service.post("/score", body + "}").decode(Scored.self)
        #expect(found.groups == names && found.calibrationRows == nil && found.note == nil)
        let indices = names.map { name in name.flatMap { groups.names.firstIndex(of: $0) } }
        for (row, group) in indices.enumerated() {
            let score = try #require(found.score[row])
            let own = calibration.scores(.likelihood, of: group)
            let expected = Double(1 + own.count { $0 >= score }) / Double(1 + own.count)
            #expect(found.pValue[row] == expected && found.anomaly[row] == (expected <= 0.01))
        }
        // Against all rows some would rank elsewhere.
        #expect(found.pValue != found.score.map { $0.map { calibration.pValue(of: $0, by: .likelihood) } })
        // A row that is faulty is in no group.
        let faulty = try service.post(
            "/score", "{\"rows\":[{\"city\":1.5,\"side\":7},\(objects[1])],\"on_error\":\"row\"}"
        ).decode(Scored.self)
        #expect(faulty.groups == [nil, "Köln"])
        let bulk = try service.send(lines: lines, "application/x-ndjson", accept: "application/json")
            .decode(Scored.self)
        #expect(bulk.groups == names && bulk.pValue == found.pValue && bulk.anomaly == found.anomaly)
        for (type, text) in [("application/x-ndjson", lines), ("application/json", body + "}")] {
            let ndjson = try service.send(lines: text, type, accept: "application/x-ndjson").text
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let each = try ndjson.split(separator: "\n").map { try decoder.decode(Line.self, from: Data($0.utf8)) }
            #expect(each.map(\.group) == names && each.map(\.pValue) == found.pValue)
            #expect(ndjson.contains(#","group":null"#) && ndjson.contains(#","group":"Paris"}"#))
            let csv = try service.send(lines: text, type, accept: "text/csv").text.split(separator: "\n")
            #expect(csv[0] == "log_likelihood,p_value,anomaly,score,group,error")
            let cells = csv.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            #expect(cells.map { String($0[4]) } == names.map { $0 ?? "" })
            #expect(cells.map { Double($0[1]) } == found.pValue)
        }
        let predictions = try service.post(
            "/v1/models/table:predict", "{\"instances\":[\(objects.joined(separator: ","))]}"
        ).decode(Predictions.self).predictions
        #expect(predictions.map(\.group) == names && predictions.map(\.pValue) == found.pValue)
        let card = try service.get("/models/table").decode(Card.self).calibration
        #expect(
            card.groups
                == Card.Groups(
                    column: "city",
                    own: (0..<2).map { Card.Group(group: groups.names[$0], rows: groups.rowCounts[$0]) },
                    restRows: groups.hasOwnRest ? groups.restRowCount : 900))
        #expect(card.rows == 900 && card.smallestPValue == 1 / Double(1 + calibration.rowCountMax))
    }

    @Test func tensorsSayTheGroupToo() throws {
        let service = try TestService([try grouped(by: "city")])
        let found = try service.post("/score", body + "}").decode(Scored.self)
        let rows: [[Float]] = [[1, 1, 1, 0, 1, 1], [0, 1, 1, 0, 1, 1], [3, 1, 1, 0, 1, 1]]
        let data = rows.map { "[\($0[0]),1500,1,0,1,2.5]" }.joined(separator: ",")
        let request =
            "{\"inputs\":[{\"name\":\"rows\",\"shape\":[3,6],\"datatype\":\"FP64\",\"data\":[\(data)]}]"
        let text = try service.post("/v2/models/table/infer", request + "}").text
        #expect(
            text.contains(#"{"name":"group","datatype":"BYTES","shape":[3],"data":["Paris","Köln",""]}"#), "\(text)")
        let pValues = found.pValue.prefix(3).map { "\($0 ?? .nan)" }.joined(separator: ",")
        #expect(
            text.contains("\"name\":\"p_value\",\"datatype\":\"FP64\",\"shape\":[3],\"data\":[\(pValues)]"), "\(text)")
        let raw = try service.post(
            "/v2/models/table/infer",
            request + ",\"outputs\":[{\"name\":\"group\",\"parameters\":{\"binary_data\":true}}]}")
        #expect(
            Array(raw.body.suffix(bytesTensor(["Paris", "Köln", ""]).count)) == bytesTensor(["Paris", "Köln", ""]))
        #expect(try service.get("/v2/models/table").text.contains(#"{"name":"group","datatype":"BYTES","shape":[-1]}"#))
        let without = try TestService([TableModel.model()])
        #expect(try !without.get("/v2/models/table").text.contains("\"group\""))
        #expect(try !without.post("/score", body + "}").text.contains("group"))
        #expect(try !without.get("/models/table").text.contains("\"groups\""))
    }

    /// By two texts, as the table has them; a repair is judged by the group that its row is of then.
    @Test func repairsEndInTheGroupThatTheyLeadTo() throws {
        struct Repairs: Decodable {
            struct Repair: Decodable {
                var pValue: [Double]
                var row: [String: JSONScalar?]
            }
            var repairs: [Repair]
        }
        let service = try TestService([try grouped(by: "side")])
        let unusual = (0..<12).map { index in
            TableModel.object([
                "price": "\(9999 - index)", "side": index % 2 == 0 ? "\"left\"" : "\"right\"", "size": "\(index).5",
            ])
        }
        let before = try service.post(
            "/score", "{\"rows\":[\(unusual.joined(separator: ","))]}"
        ).decode(Scored.self)
        #expect(before.groups == (0..<12).map { $0 % 2 == 0 ? "left" : "right" })
        let text = try service.post("/repair", "{\"rows\":[\(unusual.joined(separator: ","))],\"alpha\":0.2}")
        let repairs = try text.decode(Repairs.self).repairs
        #expect(repairs.map { $0.pValue[0] } == before.pValue)
        struct Rows: Decodable {
            struct Entry: Decodable { var pValue: [Double] }
            var repairs: [Entry]
        }
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(text.body)) as? [String: Any])
        let all = try #require(document["repairs"] as? [[String: Any]])
        #expect(all.contains { ($0["changes"] as? [Any])?.isEmpty == false })
        for (entry, repair) in zip(all, repairs) where entry["repaired"] as? Bool == true {
            let row = try JSONSerialization.data(withJSONObject: try #require(entry["row"]))
            let again = try service.post("/score", "{\"rows\":[\(String(decoding: row, as: UTF8.self))]}")
            #expect(try again.decode(Scored.self).pValue[0] == repair.pValue[1])
        }
    }

    /// Rows with values that are not known are compared with kept rows of their group, where these are enough.
    @Test(arguments: [600, 150]) func maskedRowsAreComparedWithTheirGroup(kept: Int) throws {
        let model = try grouped(by: "side", kept: kept)
        let service = try TestService([model])
        let values = try #require(model.calibration?.rows).values
        let variable = try #require(model.variables.firstIndex { $0.name == "side" })
        let counts = (0..<2).map { side in
            (0..<kept).count { values[$0 * model.variables.count + variable] == Float(side) }
        }
        let masked = ["left", "right"].map { TableModel.object(["side": "\"\($0)\"", "price": "null"]) }
        // The most unusual ones are compared with all rows that there are.
        let rows = masked + [TableModel.object(["side": "null"]), TableModel.object()]
        let found = try service.post(
            "/score", "{\"rows\":[\(rows.joined(separator: ","))],\"missing\":\"unknown\"}"
        ).decode(Scored.self)
        let own = counts.map { $0 >= 99 }
        #expect(own == (kept == 600 ? [true, true] : own) && (kept == 600 || own.contains(false)))
        #expect(found.groups == [own[0] ? "left" : nil, own[1] ? "right" : nil, nil, "right"])
        for (row, count) in [own[0] ? counts[0] : kept, own[1] ? counts[1] : kept, kept].enumerated() {
            // Where a row is usual, 50, 100, 200, … are enough.
            let rowCount = try #require(found.calibrationRows?[row])
            let isEnough = rowCount < count && [50, 100, 200, 400].contains(rowCount)
            #expect(isEnough || rowCount == count, "\(rowCount) of \(count)")
        }
        #expect(found.calibrationRows?[3] == model.calibration?.rowCount(of: 1))
    }

    @Test func anAlphaThatOnlySomeGroupsReachJudgesTheirRows() throws {
        let model = try grouped(by: "city")
        let calibration = try #require(model.calibration)
        let groups = try #require(calibration.groups)
        let (least, most) = groups.rowCounts[0] < groups.rowCounts[1] ? (0, 1) : (1, 0)
        let alpha = 1 / Double(1 + groups.rowCounts[most])
        try #require(
            groups.rowCounts[least] < groups.rowCounts[most] && calibration.rowCountMax == groups.rowCounts[most])
        let service = try TestService([model])
        let found = try service.post("/score", body + ",\"alpha\":\(alpha)}").decode(Scored.self)
        for (name, anomaly) in zip(names, found.anomaly) {
            if name == groups.names[least] { #expect(anomaly == nil) }
            if name == groups.names[most] { #expect(anomaly != nil) }
        }
        #expect(
            found.note?.contains("'\(groups.names[least])' (\(groups.rowCounts[least]) calibration rows)") == true
                && found.note?.hasPrefix("no row of these groups is judged at alpha") == true, "\(found)")
        let refused = try service.post("/score", body + ",\"alpha\":\(alpha / 2)}")
        #expect(
            refused.status == 422 && refused.text.contains("at most \(groups.rowCounts[most]) calibration rows a group")
        )
        // One for all, and every row is judged.
        let judged = try service.post("/score", body + ",\"alpha\":0.01}").decode(Scored.self)
        #expect(judged.note == nil && judged.anomaly.allSatisfy { $0 != nil })
    }
}
