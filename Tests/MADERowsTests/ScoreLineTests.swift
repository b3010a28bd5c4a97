import MADE
import Testing

@testable import MADERows

/// A score that is the log-likelihood but for its sign is the number that it would be alone.
@Test(arguments: [LineFormat.ndjson, .csv])
func everyScoreIsWrittenAsItsShortestDecimal(_ format: LineFormat) {
    let judgement = Judgement(Calibration(logLikelihoods: [-3, -2, -1]), alpha: 0.3)
    let cases: [(Double, Double)] = [
        (-18.241337537765503, 18.241337537765503), (2.5, -2.5), (0, 0), (-0.0, 0), (-1e-05, 1e-05), (1e22, -1e22),
        (-4, 4.5), (4, 4), (-.greatestFiniteMagnitude, .greatestFiniteMagnitude),
    ]
    for (logLikelihood, score) in cases {
        for (anomaly, text) in [(true, "true"), (false, "false"), (nil, format == .csv ? "" : "null")] {
            var lines = ScoreLines(format, judgement: judgement)
            lines.write(
                ScoredRow(logLikelihood: logLikelihood, score: score, pValue: 0.25, isAnomaly: anomaly),
                kept: KeptCells())
            let expected =
                format == .csv
                ? "\(logLikelihood),0.25,\(text),\(score),\n"
                : #"{"log_likelihood":\#(logLikelihood),"p_value":0.25,"anomaly":\#(text),"score":\#(score)}"# + "\n"
            #expect(String(decoding: lines.take(), as: UTF8.self) == expected)
        }
    }
}
