import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// p-values of cells, explanations of lines, and discoveries among rows.
@Suite struct CellPValueTests {
    /// With the gains of its own samples.
    private static func model(members: Int = 1) -> DensityModel {
        var model = TableModel.model(members: members)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let samples = compiled.sample(SamplingRequest(count: 60, seed: 21), using: workspace).rows
        let width = compiled.variableCount
        let gains = stride(from: 0, to: samples.count, by: width).flatMap { first in
            compiled.gains(of: Array(samples[first..<first + width]), using: workspace).map { Float($0.gain) }
        }
        model.calibration = model.calibration.map {
            Calibration(
                logLikelihoods: $0.logLikelihoods, gains: GainCalibration(gains, variableCount: width), rows: $0.rows)
        }
        return model
    }

    private struct Line: Decodable {
        var pValue: Double?
        var qValue: Double?
        var discovery: Bool?
        var explanation: [ScoreReply.Blame]?
        var error: String?
    }

    private struct Discoveries: Decodable {
        var pValue: [Double?]
        var fdr: Double
        var qValues: [Double?]
        var discoveries: [Bool?]
        var explanations: [[ScoreReply.Blame]?]?
    }

    private struct Outputs: Decodable {
        struct Tensor: Decodable {
            var name: String
            var shape: [Int]
            var data: [Double?]
        }
        var outputs: [Tensor]
    }

    private let rows = [
        TableModel.object(), TableModel.object(["price": "99999"]), TableModel.object(["city": "\"Atlantis\""]),
        TableModel.object(["size": "null"]), TableModel.object(["grade": "3", "price": "-40000"]),
    ]
    private var list: String { "[\(rows.joined(separator: ","))]" }
    private var lines: String { rows.map { $0 + "\n" }.joined() }

    @Test func aCellsPValueIsItsGainsPlaceAmongTheCalibrationRows() throws {
        let model = Self.model()
        let service = try TestService([model])
        let reply = try service.post("/score", "{\"rows\":\(list),\"explain\":6}").decode(ScoreReply.self)
        let gains = try #require(model.calibration?.gains)
        let names = model.variables.map(\.name)
        let cells = try #require(reply.explanations).flatMap { $0 ?? [] }
        #expect(cells.count { $0.gain != nil } == 4 * 6)
        for cell in cells {
            // Of a row with a value that is not known.
            guard let gain = cell.gain else { continue }
            let column = try #require(names.firstIndex(of: cell.variable))
            let known = (0..<60).map { gains.gains[$0 * names.count + column] }
            #expect(cell.pValue == Double(1 + known.count { $0 >= Float(gain) }) / 61, "\(cell)")
        }
        // A model without them says nothing of it.
        let bare = try TestService([TableModel.model()])
        let unsaid = try bare.score(TableModel.object(), options: #","explain":6"#).explanations?[0] ?? []
        #expect(unsaid.count == 6 && unsaid.allSatisfy { $0.gain != nil && $0.pValue == nil })
    }

    @Test(arguments: [1, 2]) func linesAreExplainedAsRowsAre(members: Int) throws {
        let service = try TestService([Self.model(members: members)])
        let whole = try service.post("/score", "{\"rows\":\(list),\"explain\":3}").decode(ScoreReply.self)
            .explanations
        let bulk = try service.send(lines: lines, "application/x-ndjson", to: "/score?explain=3")
        #expect(try bulk.lines(Line.self).map(\.explanation) == whole)
        #expect(bulk.text.contains(#""value":"Atlantis""#))
        let document = try service.send(
            lines: lines, "application/x-ndjson", to: "/score?explain=3", accept: "application/json")
        #expect(try document.decode(ScoreReply.self).explanations == whole)
        // Lines of a body that is one document.
        let asked = try service.post(
            "/score", "{\"rows\":\(list),\"explain\":3}", headers: ["Accept: application/x-ndjson"])
        #expect(try asked.lines(Line.self).map(\.explanation) == whole)
        let table = try service.send(
            lines: lines, "application/x-ndjson", to: "/score?explain=1", accept: "text/csv"
        ).text.split(separator: "\n")
        #expect(table[0] == "log_likelihood,p_value,anomaly,score,explanation,error")
        #expect(table[2].contains("price=99999 (expected "), "\(table)")
        #expect(table[3].contains("city=Atlantis (expected "), "\(table)")
    }

    @Test func aTensorOfGainsHasThemAll() throws {
        let service = try TestService([Self.model()])
        let reply = try service.post("/score", "{\"rows\":\(list),\"explain\":6}").decode(ScoreReply.self)
        let columns = ["city", "price", "side", "flag", "grade", "size"]
        let texts = [
            #""Paris","Paris","Atlantis","Paris","Paris""#, "1500,99999,1500,1500,-40000",
            #""right","right","right","right","right""#, "0,0,0,0,0", #""2","2","2","2","3""#, "2.5,2.5,2.5,null,2.5",
        ]
        let inputs = zip(columns, texts).map { name, data in
            let type = data.hasPrefix("\"") ? "BYTES" : name == "size" || name == "price" ? "FP64" : "INT64"
            return #"{"name":"\#(name)","datatype":"\#(type)","shape":[5],"data":[\#(data)]}"#
        }.joined(separator: ",")
        let asked = #""outputs":[{"name":"gain"},{"name":"cell_p_value"},{"name":"surprisal"}]"#
        let response = try service.post("/v2/models/table/infer", "{\"inputs\":[\(inputs)],\(asked)}")
        try #require(response.status == 200, "\(response.text)")
        let outputs = try response.decode(Outputs.self).outputs
        #expect(outputs.map(\.shape) == [[5, 6], [5, 6], [5, 6]])
        for (row, explanation) in try #require(reply.explanations).enumerated() {
            for cell in explanation ?? [] {
                let place = try row * 6 + #require(TableModel.variables.firstIndex { $0.name == cell.variable })
                #expect(outputs[0].data[place] == cell.gain && outputs[1].data[place] == cell.pValue)
            }
        }
        let metadata = try service.get("/v2/models/table").text
        #expect(metadata.contains(#"{"name":"cell_p_value","datatype":"FP64","shape":[-1,6]}"#))
        // A model without such a calibration does not offer them.
        let bare = try TestService([TableModel.model()])
        let refused = try bare.post("/v2/models/table/infer", "{\"inputs\":[\(inputs)],\(asked)}")
        #expect(refused.status == 400 && refused.text.contains("cell_p_value"))
    }

    @Test func discoveriesAreThoseOfAllRowsTogether() throws {
        let service = try TestService([Self.model()])
        let many = (0..<4000).map { rows[$0 % 97 == 0 ? 1 : 0] }
        let faulty = many.enumerated().map { $0 == 1234 ? "{\"price\":\"much\"}" : $1 }
        let found = try service.post("/score", "{\"rows\":\(list),\"fdr\":0.2}").decode(Discoveries.self)
        #expect(found.fdr == 0.2)
        let expected = DiscoveryRate.qValues(found.pValue.map { $0 ?? .nan })
        #expect(
            found.qValues == expected.map(Optional.some) && found.discoveries == expected.map { Optional($0 <= 0.2) })
        // Lines that come in several pieces, one of them faulty.
        let text = faulty.map { $0 + "\n" }.joined()
        let bulk = try service.send(lines: text, "application/x-ndjson", to: "/score?fdr=0.2").lines(Line.self)
        let all = DiscoveryRate.qValues(bulk.map { $0.pValue ?? .nan })
        #expect(
            bulk.count == 4000 && bulk[1234].error != nil && bulk[1234].qValue == nil && bulk[1234].discovery == nil)
        #expect(bulk.map(\.qValue) == all.map { $0.isNaN ? nil : $0 })
        #expect(bulk.map(\.discovery) == all.map { $0.isNaN ? nil : $0 <= 0.2 })
        let document = try service.send(
            lines: text, "application/x-ndjson", to: "/score?fdr=0.2", accept: "application/json"
        ).decode(Discoveries.self)
        #expect(document.qValues == bulk.map(\.qValue) && document.discoveries == bulk.map(\.discovery))
        let table = try service.send(
            lines: lines, "application/x-ndjson", to: "/score?fdr=0.2&explain=1", accept: "text/csv"
        ).text.split(separator: "\n")
        #expect(table[0] == "log_likelihood,p_value,anomaly,score,q_value,discovery,explanation,error")
        #expect(table[2].split(separator: ",", omittingEmptySubsequences: false)[4] == "\(found.qValues[1] ?? 0)")
    }

    @Test(arguments: [("fdr=0", 422), ("fdr=1", 422), ("fdr=x", 400), ("explain=7", 422), ("explain=-1", 400)])
    func whatCannotBeAskedForIsRefused(query: String, status: Int) throws {
        let service = try TestService([Self.model()])
        #expect(try service.post("/score?\(query)", "{\"rows\":\(list)}").status == status)
        #expect(try service.send(lines: lines, "application/x-ndjson", to: "/score?\(query)").status == status)
        let bare = try TestService([TableModel.model(calibrationRows: 0)])
        #expect(try bare.post("/score?fdr=0.1", "{\"rows\":\(list)}").status == 422)
    }

    @Test func aChangeHasThePValueOfItsCell() throws {
        let service = try TestService([Self.model()])
        let row = TableModel.object(["price": "99999"])
        let explained = try service.score(row, options: #","explain":6"#).explanations?[0]
        let response = try service.post("/repair", "{\"rows\":[\(row)],\"alpha\":0.05}")
        let first = try #require(explained?.first { $0.variable == "price" }?.pValue)
        #expect(response.text.contains(#""p_value":\#(first)}"#), "\(response.text)")
    }
}

extension Response {
    /// What each line of NDJSON says.
    fileprivate func lines<Line: Decodable>(_ type: Line.Type) throws -> [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try text.split(separator: "\n").map { try decoder.decode(type, from: Data($0.utf8)) }
    }
}
