import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private struct Scored: Decodable {
    var logLikelihood: [Double]
    var pValue: [Double]
    var statistic: String
    var score: [Double]
    var anomaly: [Bool?]
    var surprisal: [[Float?]]?
}

private struct Prediction: Decodable {
    var predictions: [Row]

    struct Row: Decodable {
        var pValue: Double
        var score: Double
    }
}

private struct Outputs: Decodable {
    var outputs: [Tensor]

    struct Tensor: Decodable {
        var name: String
        var data: [Double]
    }
}

/// A model whose cells are calibrated by its own samples.
private func calibrated(_ model: DensityModel) throws -> DensityModel {
    var model = model
    let compiled = CompiledModel(model)
    let workspace = compiled.makeWorkspace()
    let count = 199
    let samples = compiled.sample(SamplingRequest(count: count, seed: 5), using: workspace)
    var logLikelihoods = [Double](repeating: 0, count: count)
    var explained = logLikelihoods
    var surprisals = [Float](repeating: 0, count: count * compiled.variableCount)
    var results = logLikelihoods.mutableSpan
    var sums = explained.mutableSpan
    var parts = surprisals.mutableSpan
    compiled.explain(
        samples.rows.span, logLikelihoods: &results, surprisals: &parts, explained: &sums, using: workspace)
    var tally = CellCalibrationTally(variableCount: compiled.variableCount)
    tally.add(logLikelihoods: logLikelihoods, surprisals: surprisals.span)
    model.calibration = Calibration(
        logLikelihoods: logLikelihoods, cells: tally.calibration,
        rows: CalibrationRows(samples.rows, variableCount: compiled.variableCount))
    return model
}

private let rows = [
    TableModel.object(), TableModel.object(["city": "\"Ulm\""]), TableModel.object(["size": "900"]),
    TableModel.object(["size": "null"]),
]
private let body = "\"rows\":[\(rows.joined(separator: ","))]"
private let lines = rows.map { $0 + "\n" }.joined()

@Test(arguments: [1, 3]) func everyStatisticIsTheCalibrationsOwn(members: Int) throws {
    let model = try calibrated(TableModel.model(members: members))
    let calibration = try #require(model.calibration)
    let service = try TestService([model])
    let unasked = try service.post("/score", "{\(body)}").decode(Scored.self)
    #expect(unasked.statistic == "combined")
    for statistic in RowStatistic.allCases {
        let asked = "\"statistic\":\"\(statistic.rawValue)\""
        let found = try service.post("/score", "{\(body),\"per_variable\":true,\(asked)}").decode(Scored.self)
        #expect(found.statistic == statistic.rawValue)
        let surprisals = try #require(found.surprisal)
        for row in rows.indices {
            let cells = surprisals[row].map { $0 ?? .nan }
            let score = calibration.score(
                statistic, of: [Float](repeating: 0, count: cells.count).span, logLikelihood: found.logLikelihood[row],
                surprisals: cells.span)
            #expect(found.score[row] == score)
            // A row with a value that is not known is compared with others.
            if row < 3 { #expect(found.pValue[row] == calibration.pValue(of: score, by: statistic)) }
            #expect(found.anomaly[row] == (found.pValue[row] <= 0.01))
        }
        if statistic == .combined { #expect(found.score == unasked.score && found.pValue == unasked.pValue) }
        // In every other form the same.
        let plain = try service.post("/score?statistic=\(statistic.rawValue)", "{\(body)}").decode(Scored.self)
        #expect(plain.score == found.score && plain.surprisal == nil)
        let bulk = try service.send(
            lines: lines, "application/x-ndjson", to: "/score?statistic=\(statistic.rawValue)",
            accept: "application/json")
        #expect(try bulk.decode(Scored.self).score == found.score)
        let table = try service.send(
            lines: lines, "application/x-ndjson", to: "/score?statistic=\(statistic.rawValue)", accept: "text/csv")
        let cells = table.text.split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(cells.map { Double($0[3]) } == found.score && cells.map { Double($0[1]) } == found.pValue)
    }
}

@Test func theProtocolsRankByTheSettingsStatistic() throws {
    let model = try calibrated(TableModel.model())
    for statistic in RowStatistic.allCases {
        let service = try TestService([model]) { $0.statistic = statistic }
        let found = try service.post("/score", "{\(body)}").decode(Scored.self)
        #expect(found.statistic == statistic.rawValue)
        let predictions = try service.post(
            "/v1/models/table:predict", "{\"instances\":[\(rows.joined(separator: ","))]}"
        ).decode(Prediction.self).predictions
        #expect(predictions.map(\.score) == found.score && predictions.map(\.pValue) == found.pValue)
        let encoded = TableModel.rows(2, seed: 3)
        let data = encoded.joined().map { "\($0)" }.joined(separator: ",")
        let tensors = try service.post(
            "/v2/models/table/infer",
            """
            {"inputs":[{"name":"rows","datatype":"FP64","shape":[2,6],"data":[\(data)]}],
             "outputs":[{"name":"score"},{"name":"p_value"}]}
            """
        ).decode(Outputs.self).outputs
        let calibration = try #require(model.calibration)
        #expect(tensors.map(\.name) == ["score", "p_value"])
        #expect(tensors[1].data == tensors[0].data.map { calibration.pValue(of: $0, by: statistic) })
        #expect(try service.get("/models/table").text.contains("\"statistic\":\"\(statistic.rawValue)\""))
    }
}

@Test func aStatisticThatAModelHasNotIsRefusedWhereItIsAskedFor() throws {
    let old = TableModel.model("old")
    let bare = TableModel.model("bare", calibrationRows: 0)
    let service = try TestService([old, bare]) { $0.statistic = .cells }
    #expect(try service.post("/models/old/score", "{\(body)}").decode(Scored.self).statistic == "likelihood")
    let cells = try service.post("/models/old/score", "{\(body),\"statistic\":\"cells\"}")
    #expect(cells.status == 422 && cells.text.contains("calibrated for \\\"likelihood\\\" alone"), "\(cells.text)")
    let bareCells = try service.post("/models/bare/score?statistic=likelihood", "{\(body)}")
    #expect(bareCells.status == 422 && bareCells.text.contains("no calibration"), "\(bareCells.text)")
    let wrong = try service.post("/models/old/score", "{\(body),\"statistic\":\"tails\"}")
    #expect(wrong.status == 422 && wrong.text.contains("one of \\\"likelihood\\\", \\\"cells\\\""), "\(wrong.text)")
}
