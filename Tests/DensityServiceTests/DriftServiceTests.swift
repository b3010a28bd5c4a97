import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private struct DriftReply: Decodable {
    struct Test: Decodable {
        var distance: Double
        var pValue: Double
    }
    struct Anomalies: Decodable {
        var share: Double
        var alpha: Double
        var pValue: Double
    }
    struct LogLikelihood: Decodable {
        var mean: Double
        var calibrationMean: Double?
    }
    struct Surprisal: Decodable {
        struct Entry: Decodable {
            var variable: String
            var mean: Double
            var calibrationMean: Double?
            var zScore: Double?
        }
        var rows: Int
        var variables: [Entry]
    }
    var model: String
    var window: Int
    var rows: Int
    var kolmogorovSmirnov: Test?
    var anomalies: Anomalies?
    var logLikelihood: LogLikelihood?
    var surprisal: Surprisal?
}

private struct Bet: Decodable, Equatable {
    var rows: Int
    var value: Double
    var largest: Double
}

/// A model that is calibrated, surprisals included, on rows of its own.
private func calibratedModel(_ name: String = "m", variables: Int = 6, seed: UInt64 = 1) -> DensityModel {
    var model = randomModel(name, variables: variables, seed: seed)
    let compiled = CompiledModel(model)
    let workspace = compiled.makeWorkspace()
    let samples = compiled.sample(SamplingRequest(count: 499, seed: 5), using: workspace)
    var results = [Double](repeating: 0, count: 499)
    var sums = results
    var surprisals = [Float](repeating: 0, count: samples.rows.count)
    var resultSpan = results.mutableSpan
    var sumSpan = sums.mutableSpan
    var surprisalSpan = surprisals.mutableSpan
    compiled.explain(
        samples.rows.span, logLikelihoods: &resultSpan, surprisals: &surprisalSpan, explained: &sumSpan,
        using: workspace)
    var tally = SurprisalTally(variableCount: variables)
    tally.add(surprisals.span)
    model.calibration = Calibration(logLikelihoods: results, surprisals: tally.summary)
    return model
}

extension TestService {
    fileprivate func drift(_ path: String = "/drift") throws -> DriftReply { try get(path).decode(DriftReply.self) }

    /// The bet against exchangeability; nil before the first row.
    fileprivate func bet() throws -> Bet? {
        struct Reply: Decodable { var exchangeability: Bet? }
        return try get("/drift").decode(Reply.self).exchangeability
    }

    /// Rows drawn from the model.
    fileprivate func draw(_ count: Int, seed: Int) throws -> [[Int]] {
        struct Rows: Decodable { var rows: [[Int]] }
        return try get("/sample?n=\(count)&seed=\(seed)").decode(Rows.self).rows
    }
}

@Test func rowsOfTheModelAreNoDriftAndOthersAre() throws {
    let service = try TestService([calibratedModel()]) { $0.alpha = 0.1 }
    var rows = try service.draw(3000, seed: 8)
    #expect(try service.post("/score", body(rows)).status == 200)
    let calm = try service.drift()
    let test = try #require(calm.kolmogorovSmirnov)
    let surprisal = try #require(calm.surprisal)
    #expect(calm.model == "m" && calm.window == 10_000 && calm.rows == 3000)
    #expect(test.pValue > 0.001 && test.distance < 0.1)
    let anomalies = try #require(calm.anomalies)
    #expect(anomalies.alpha == 0.1 && anomalies.share < 0.2 && anomalies.pValue > 0.001)
    // One row in 16, give or take five standard deviations.
    #expect((130...245).contains(surprisal.rows), "\(surprisal.rows)")
    #expect(surprisal.variables.map(\.variable) == (0..<6).map { "v\($0)" })
    #expect(surprisal.variables.allSatisfy { abs($0.zScore ?? 9) < 6 }, "\(surprisal)")

    // A sensor that is stuck at its rarer value.
    let ones = rows.count { $0[3] == 1 }
    for index in rows.indices { rows[index][3] = 2 * ones > rows.count ? 0 : 1 }
    #expect(try service.post("/score", body(rows)).status == 200)
    let drifted = try service.drift("/models/m/drift")
    #expect(drifted.rows == 6000)
    #expect(try #require(drifted.kolmogorovSmirnov).pValue < 1e-4, "\(drifted)")
    let worst = try #require(drifted.surprisal).variables.max { abs($0.zScore ?? 0) < abs($1.zScore ?? 0) }
    #expect(worst?.variable == "v3", "\(drifted)")
}

@Test(arguments: [1_000_000, 0])
func everyWayOfScoringIsWatched(inlineBudget: Int) throws {
    let service = try TestService([calibratedModel()]) { options in
        options.inlineBudget = inlineBudget
        options.batchRowsMax = 16
    }
    let rows = try service.draw(50, seed: 3)
    let flat = rows.joined().map(String.init).joined(separator: ",")
    let tensor = #"{"inputs":[{"name":"rows","shape":[50,6],"datatype":"FP32","data":[\#(flat)]}]}"#
    let instances = "{\"instances\":\(rows)}"
    let lines = rows.map { "\($0)\n" }.joined()
    for (index, (path, text, type)) in [
        ("/score", body(rows), "application/json"), ("/score", body(rows, ",\"explain\":2"), "application/json"),
        ("/score", body(rows + [[1]], ",\"on_error\":\"row\""), "application/json"),
        ("/v2/models/m/infer", tensor, "application/json"), ("/v1/models/m:predict", instances, "application/json"),
        ("/invocations", instances, "application/json"), ("/score", lines, "application/x-ndjson"),
    ].enumerated() {
        #expect(try service.client()("POST", path, headers: ["Content-Type: \(type)"], body: text).status == 200)
        let drift = try service.drift()
        #expect(drift.rows == 50 * (index + 1), "\(path) \(type)")
    }
    let scores = try service.post("/score", body(rows)).decode(ScoreReply.self).logLikelihood.compactMap(\.self)
    let mean = scores.reduce(0, +) / 50
    #expect(abs((try service.drift().logLikelihood?.mean ?? 0) - mean) < 1e-9)
}

@Test func theWindowSlidesAndAReloadStartsANewOne() throws {
    let service = try TestService([calibratedModel()]) { $0.driftRows = 100 }
    #expect(try service.drift().rows == 0)
    let rows = try service.draw(250, seed: 4)
    for start in stride(from: 0, to: 250, by: 50) {
        let chunk = Array(rows[start..<start + 50])
        let scores = try service.post("/score", body(chunk)).decode(ScoreReply.self).logLikelihood.compactMap(\.self)
        if start < 200 { continue }
        let before = try service.post("/score", body(Array(rows[150..<200]))).decode(ScoreReply.self).logLikelihood
        let drift = try service.drift()
        #expect(drift.rows == 100 && drift.window == 100)
        let mean = (scores + before.compactMap(\.self)).reduce(0, +) / 100
        #expect(abs((drift.logLikelihood?.mean ?? 0) - mean) < 1e-9)
    }
    #expect(try service.post("/models/m/reload", "").status == 200)
    let fresh = try service.drift()
    #expect(fresh.rows == 0 && fresh.kolmogorovSmirnov == nil && fresh.surprisal == nil)
}

@Test func whatNeedsACalibrationIsLeftOutWithoutOne() throws {
    let service = try TestService([randomModel("plain"), randomModel("old", calibrated: true)])
    for model in ["plain", "old"] {
        #expect(try service.post("/models/\(model)/score", body(randomRows(200, variables: 6, seed: 2))).status == 200)
    }
    let plain = try service.drift("/models/plain/drift")
    #expect(plain.rows == 200 && plain.kolmogorovSmirnov == nil && plain.anomalies == nil)
    #expect(plain.logLikelihood?.calibrationMean == nil && plain.surprisal?.variables.count == 6)
    let old = try service.drift("/models/old/drift")
    #expect(old.kolmogorovSmirnov != nil && old.surprisal?.variables.allSatisfy { $0.calibrationMean == nil } == true)
    let off = try TestService([calibratedModel()]) { $0.driftRows = 0 }
    #expect(try off.post("/score", body(randomRows(20, variables: 6, seed: 2))).status == 200)
    #expect(try off.drift().rows == 0)
    #expect(try !off.get("/metrics").text.contains("made_drift"))
}

/// What is kept of the rows goes round too, whenever somebody looks.
@Test func onlyTheLatestRowsAreStudied() throws {
    let model = CompiledModel(calibratedModel())
    let monitor = DriftMonitor(model: model, card: model.card, windowRows: 64)
    let (old, new): ([Float], [Float]) = ([0, 1, 0, 1, 0, 1], [1, 1, 1, 0, 0, 0])
    func note(_ row: [Float], count: Int) {
        let rows = [Float](repeatElement(row, count: count).joined())
        rows.withUnsafeBufferPointer { rows in
            [Double](repeating: -1, count: count).withUnsafeBufferPointer { monitor.note(rows, $0) }
        }
    }
    func surprisals(of row: [Float]) -> [Double] {
        var (results, sums, values) = ([0.0], [0.0], [Float](repeating: 0, count: 6))
        var resultSpan = results.mutableSpan
        var sumSpan = sums.mutableSpan
        var valueSpan = values.mutableSpan
        model.explain(
            row.span, logLikelihoods: &resultSpan, surprisals: &valueSpan, explained: &sumSpan,
            using: model.makeWorkspace())
        return values.map(Double.init)
    }
    for looks in [[3, 200, 1], [500], [1, 2, 3, 5, 80, 700]] {
        for (row, expected) in [(old, surprisals(of: old)), (new, surprisals(of: new))] {
            for count in looks + [400] {
                note(row, count: count)
                _ = monitor.report(alpha: 0.05)
            }
            let report = monitor.report(alpha: 0.05)
            #expect(report.rowCount == 64 && report.surprisals.rowCount == 4)
            let means = try #require(report.surprisals.summary).means
            #expect(zip(means, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(looks): \(means), not \(expected)")
        }
    }
}

@Test func driftAnomaliesAndLogLikelihoodsAreInTheMetrics() throws {
    let service = try TestService([calibratedModel()])
    let rows = try service.draw(400, seed: 9)
    let scores = try service.post("/score", body(rows, ",\"alpha\":0.2")).decode(ScoreReply.self)
    let lines = rows.map { "\($0)\n" }.joined()
    let bulk = try service.client()("POST", "/score", headers: ["Content-Type: application/x-ndjson"], body: lines).text
    let flagged = (scores.anomaly ?? []).count { $0 == true }
    let flaggedLines = bulk.components(separatedBy: "\"anomaly\":true").count - 1
    #expect(flagged > 0)
    let metrics = try service.get("/metrics").text.split(separator: "\n").map(String.init)
    func value(_ name: String) throws -> Double {
        let line = try #require(metrics.first { $0.hasPrefix(name + " ") }, "\(name) is missing")
        return try #require(Double(line.dropFirst(name.count + 1)))
    }
    #expect(try value(#"made_anomalies_total{model="m",version="1"}"#) == Double(flagged + flaggedLines))
    #expect(try value(#"made_rows_scored_total{model="m",version="1"}"#) == 800)
    #expect(try value(#"made_log_likelihood_nats_count{model="m",version="1"}"#) == 800)
    let values = scores.logLikelihood.compactMap(\.self)
    #expect(abs(try value(#"made_log_likelihood_nats_sum{model="m",version="1"}"#) - 2 * values.reduce(0, +)) < 1e-6)
    let below = Double(2 * values.count { $0 <= -5 })
    #expect(try value(#"made_log_likelihood_nats_bucket{model="m",version="1",le="-5"}"#) == below)
    let drift = try service.drift()
    #expect(try value(#"made_drift_rows{model="m",version="1"}"#) == 800)
    #expect(try value(#"made_drift_distance{model="m",version="1"}"#) == drift.kolmogorovSmirnov?.distance)
    #expect(try value(#"made_drift_p_value{model="m",version="1"}"#) == drift.kolmogorovSmirnov?.pValue)
    #expect(try value(#"made_drift_anomaly_ratio{model="m",version="1"}"#) == drift.anomalies?.share)
    #expect(
        try value(#"made_drift_surprisal_nats{model="m",version="1",variable="v5"}"#)
            == drift.surprisal?.variables[5].mean)
    #expect(
        try value(#"made_drift_calibration_surprisal_nats{model="m",version="1",variable="v0"}"#)
            == drift.surprisal?.variables[0].calibrationMean)
    // A reload starts a new window; what is counted goes on.
    #expect(try service.post("/models/m/reload", "").status == 200)
    let later = try service.get("/metrics").text
    for sample in ["made_anomalies_total", "made_log_likelihood_nats_count"] {
        let line = try #require(metrics.first { $0.hasPrefix(sample) })
        #expect(later.contains("\n\(line)\n"), "\(sample)")
    }
    #expect(later.contains(#"made_drift_rows{model="m",version="1"} 0"#))
}

@Test func aShiftGrowsTheCapitalOfTheBetAgainstExchangeability() throws {
    let model = calibratedModel(seed: 4)
    let service = try TestService([model]) { $0.driftRows = 64 }
    let compiled = CompiledModel(model)
    let rows = compiled.sample(SamplingRequest(count: 300, seed: 17), using: compiled.makeWorkspace()).rows
    let sent = stride(from: 0, to: rows.count, by: 6).map { first in rows[first..<first + 6].map { Int($0) } }
    var largest = 1.0
    let before = try service.bet()
    #expect(before == nil)
    for part in 0..<6 {
        #expect(try service.post("/score", body(Array(sent[part * 50..<part * 50 + 50]))).status == 200)
        let found = try #require(try service.bet())
        #expect(found.rows == 50 * (part + 1))
        #expect(found.largest >= found.value)
        #expect(found.largest >= largest)
        largest = found.largest
        // Who looks again learns nothing new.
        let again = try service.bet()
        #expect(again == found)
    }
    let rarest = sent.sorted { compiled.logLikelihood($0) < compiled.logLikelihood($1) }[0]
    for _ in 0..<2 {
        #expect(try service.post("/score", body(Array(repeating: rarest, count: 50))).status == 200)
        _ = try service.get("/metrics")
    }
    let found = try #require(try service.bet())
    #expect(found.rows == 400)
    #expect(found.largest >= 20)
    // Of rows that came faster than anybody looked those are left out which the window has lost.
    #expect(try service.post("/score", body(Array(repeating: rarest, count: 200))).status == 200)
    let rest = try service.bet()
    #expect(rest?.rows == 464)
    #expect(try service.get("/metrics").text.contains("made_drift_martingale_largest{"))
}

extension CompiledModel {
    /// Of one row of 0 and 1.
    fileprivate func logLikelihood(_ row: [Int]) -> Double {
        let values = row.map(Float.init)
        let workspace = makeWorkspace()
        var results = [Double](repeating: 0, count: 1)
        var span = results.mutableSpan
        score(values.span, into: &span, using: workspace)
        return results[0]
    }
}
