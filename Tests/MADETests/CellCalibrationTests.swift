import Foundation
import Oracle
import Testing

@testable import MADE

@Suite struct CellCalibrationTests {
    @Test func aKnotHasTheShareOfTheValuesThatAreAsLarge() {
        let values = [9.0, 7, 7, 7, 5, 4, 3, 2, 1, 0]
        let curve = TailCurve(values)
        for value in [9.0, 7, 4, 0] {
            let count = values.count { $0 >= value }
            #expect(curve.nats(of: value) == log(11 / Double(count)), "\(value)")
        }
        #expect(curve.nats(of: -1) == 0)
        // Between 7, which four reach, and 4, which six reach.
        #expect(abs(curve.nats(of: 5.5) - (log(11 / 4.0) + log(11 / 6.0)) / 2) < 1e-12)
        // Eight values rise by 7.
        #expect(abs(curve.nats(of: 11) - (log(11) + 2 * log(8) / 7)) < 1e-12)
    }

    @Test func aCurveNeverFallsAndIsShort() {
        for seed in 0..<20 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            let count = Int.random(in: 1...5000, using: &generator)
            let isCoarse = Bool.random(using: &generator)
            let values = (0..<count).map { _ in
                let value = -log(Double.random(in: 1e-9..<1, using: &generator))
                return isCoarse ? value.rounded() : value * value
            }.sorted(by: >)
            let curve = TailCurve(values)
            #expect(curve.values.count <= 2 * Int(log2(Double(count))) + 3, "seed \(seed)")
            #expect(zip(curve.values, curve.values.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
            let found = stride(from: -1, to: (values[0] + 1) * 1.2, by: (values[0] + 2) / 500).map(curve.nats(of:))
            #expect(zip(found, found.dropFirst()).allSatisfy { $0 <= $1 }, "seed \(seed)")
            #expect(found.allSatisfy { $0.isFinite }, "seed \(seed)")
        }
    }

    @Test func aCurveWithoutOneValueIsThatOfTheOthers() {
        let values = [8.0, 6, 6, 3, 2, 2, 1]
        for place in values.indices {
            var others = values
            others.remove(at: place)
            #expect(TailCurve(values, leavingOut: place) == TailCurve(others))
        }
    }

    @Test func aKnotOfACurveWithoutOneValueHasTheShareOfTheOthers() {
        for seed in 0..<20 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            let values = (0..<Int.random(in: 2...60, using: &generator)).map { _ in
                let value = -log(Double.random(in: 1e-9..<1, using: &generator))
                return seed % 2 == 0 ? value.rounded() : value
            }.sorted(by: >)
            for place in values.indices {
                var others = values
                let value = others.remove(at: place)
                let whole = TailCurve(values)
                let curve = whole.leavingOut(whole.place(of: value), of: values.count)
                for knot in curve.values {
                    let count = others.count { $0 >= knot }
                    #expect(
                        abs(curve.nats(of: knot) - log(Double(values.count) / Double(count))) < 1e-9,
                        "seed \(seed), without \(value), at \(knot)")
                }
            }
        }
    }

    @Test func aCurveThatLeavesAValueOutIsTheCurveWithoutIt() {
        for seed in 0..<40 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            let values = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                let value = -log(Double.random(in: 1e-9..<1, using: &generator)) - 1
                return seed % 2 == 0 ? value.rounded() : value
            }.sorted(by: >)
            let whole = TailCurve(values)
            let leaveOneOut = LeaveOneOutCurve(whole, of: values.count, without: values)
            for (index, value) in values.enumerated() {
                let curve = whole.leavingOut(whole.place(of: value), of: values.count)
                for point in values + [value + 0.01, value - 0.01, values[0] + 3, -5] {
                    let (found, wanted) = (leaveOneOut.nats(of: point, without: index), curve.nats(of: point))
                    #expect(abs(found - wanted) < 1e-12, "seed \(seed), without \(value), at \(point)")
                }
            }
        }
    }

    /// Rows of surprisals [n × D] with tails of several kinds, and log-likelihoods that go with them.
    private func rows(_ count: Int, of width: Int, seed: UInt64) -> (logLikelihoods: [Double], surprisals: [Float]) {
        var generator = PhiloxGenerator(seed: seed)
        var surprisals: [Float] = []
        var logLikelihoods: [Double] = []
        for _ in 0..<count {
            let row = (0..<width).map { variable -> Float in
                let value = -log(Double.random(in: 1e-12..<1, using: &generator))
                return Float([value, value * value, (2 * value).rounded(), min(value, 1)][variable % 4])
            }
            surprisals += row
            logLikelihoods.append(-Double(row.reduce(0, +)))
        }
        return (logLikelihoods, surprisals)
    }

    private func calibration(
        _ rows: (logLikelihoods: [Double], surprisals: [Float]), of width: Int, rowCountMax: Int = 1 << 20
    ) throws -> CellCalibration {
        var tally = CellCalibrationTally(variableCount: width, rowCountMax: rowCountMax)
        // In two parts.
        let half = rows.logLikelihoods.count / 2
        for part in [0..<half, half..<rows.logLikelihoods.count] {
            let surprisals = Array(rows.surprisals[part.lowerBound * width..<part.upperBound * width])
            tally.add(logLikelihoods: Array(rows.logLikelihoods[part]), surprisals: surprisals.span)
        }
        return try #require(tally.calibration)
    }

    @Test func everyRowIsMeasuredAgainstTheOthers() throws {
        let (count, width) = (60, 5)
        let rows = rows(count, of: width, seed: 1)
        let found = try calibration(rows, of: width)
        // How rare `value` is among all but one of `values`.
        func nats(_ values: [Double], without row: Int) -> Double {
            var others = values
            let value = others.remove(at: row)
            return TailCurve(others.sorted(by: >)).nats(of: value)
        }
        let columns = (0..<width).map { column in (0..<count).map { Double(rows.surprisals[$0 * width + column]) } }
        let cells = (0..<count).map { row in columns.map { nats($0, without: row) }.max() ?? 0 }
        let combined = (0..<count).map { row in
            nats(cells, without: row) + nats(rows.logLikelihoods.map { -$0 }, without: row)
        }
        #expect(zip(found.cellScores, cells.sorted()).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(zip(found.combinedScores, combined.sorted()).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(found.surprisals == columns.map { TailCurve($0.sorted(by: >)) })
    }

    /// Of a row whose values are all known, what is left is the whole row, and it is measured against the others as above, but
    /// for where the knots lie.
    @Test func aRowLeftOutAgainIsMeasuredAgainstTheOthers() throws {
        let (count, width) = (60, 5)
        let rows = rows(count, of: width, seed: 3)
        var tally = CellCalibrationTally(variableCount: width)
        tally.add(logLikelihoods: rows.logLikelihoods, surprisals: rows.surprisals.span)
        let exact = try #require(tally.withRowScores)
        let calibration = Calibration(logLikelihoods: rows.logLikelihoods, cells: exact.calibration)
        let values = [Float](repeating: 0, count: count * width)
        let leftOut = try #require(
            LeftOutRows(
                calibration, rows: values, logLikelihoods: rows.logLikelihoods, surprisals: rows.surprisals))
        for (statistic, wanted) in [(RowStatistic.cells, exact.cellScores), (.combined, exact.combinedScores)] {
            var (near, far) = (0.0, 0.0)
            for row in 0..<count {
                let cells = row * width..<(row + 1) * width
                let left = leftOut.score(
                    statistic, of: row, values.span.extracting(cells), logLikelihood: rows.logLikelihoods[row],
                    surprisals: Array(rows.surprisals[cells]))
                let among = exact.calibration.score(
                    statistic, logLikelihood: rows.logLikelihoods[row], surprisals: rows.surprisals[cells].span)
                near += (left - wanted[row]) / Double(count)
                far += (among - wanted[row]) / Double(count)
            }
            #expect(
                abs(near) < 0.1 && abs(near) < abs(far) / 2, "\(statistic): \(near) nats on average; among all \(far)")
        }
    }

    @Test(arguments: [5, 30, 400]) func aCellScoreIsTheLargestOfAllCurves(count: Int) throws {
        let width = 12
        let found = try calibration(rows(count, of: width, seed: 7), of: width)
        let new = rows(300, of: width, seed: 8).surprisals
        for row in 0..<300 {
            // Usual rows and unusual ones.
            let cells = new[row * width..<(row + 1) * width].map { $0 * Float(row % 3) / 2 }
            let largest = zip(found.surprisals, cells).map { $0.nats(of: Double($1)) }.max()
            #expect(found.cellScore(cells.span) == largest, "row \(row)")
        }
    }

    @Test func aValueThatIsNotKnownSaysNothing() throws {
        let found = try calibration(rows(50, of: 3, seed: 2), of: 3)
        let known: [Float] = [4, 0, 1]
        let partly: [Float] = [4, .nan, .nan]
        #expect(found.cellScore(partly.span) <= found.cellScore(known.span))
        let unknown: [Float] = [.nan, .nan, .nan]
        #expect(found.cellScore(unknown.span) == 0)
    }

    /// Were calibration rows measured among themselves, one new row in four would be beyond all of them in some column here.
    @Test(arguments: [1 << 20, 40]) func pValuesOfNewRowsAreCalibrated(rowCountMax: Int) throws {
        let (count, width, newCount, rounds) = (120, 30, 200, 30)
        var flagged: [RowStatistic: [Double: Int]] = [:]
        let alphas = [0.02, 0.05, 0.2]
        for round in 0..<rounds {
            let cells = try calibration(
                rows(count, of: width, seed: UInt64(1000 + round)), of: width, rowCountMax: rowCountMax)
            let known = rows(count, of: width, seed: UInt64(1000 + round))
            let calibration = Calibration(logLikelihoods: known.logLikelihoods, cells: cells)
            let new = rows(newCount, of: width, seed: UInt64(5000 + round))
            for statistic in RowStatistic.allCases {
                let scores = (0..<newCount).map { row in
                    let surprisals = new.surprisals[row * width..<(row + 1) * width]
                    return calibration.score(
                        statistic, of: surprisals.span, logLikelihood: new.logLikelihoods[row],
                        surprisals: surprisals.span)
                }
                let pValues = scores.map { calibration.pValue(of: $0, by: statistic) }
                #expect(calibration.pValues(of: scores, by: statistic) == pValues)
                for alpha in alphas {
                    flagged[statistic, default: [:]][alpha, default: 0] += pValues.count { $0 <= alpha }
                }
            }
        }
        for statistic in RowStatistic.allCases {
            for alpha in alphas {
                let share = Double(flagged[statistic]?[alpha] ?? 0) / Double(rounds * newCount)
                // The share of one round is Beta-distributed about alpha; four of the mean's standard deviations.
                let deviation = (alpha * (1 - alpha) * (1 / Double(count) + 1 / Double(newCount)) / Double(rounds))
                    .squareRoot()
                #expect(abs(share - alpha) < 4 * deviation + 1 / Double(count), "\(statistic) \(alpha): \(share)")
            }
        }
    }

    @Test func aCheckpointKeepsIt() throws {
        let rows = rows(40, of: 2, seed: 3)
        let cells = try calibration(rows, of: 2)
        var generator = PhiloxGenerator(seed: 3)
        var model = RandomModel.binary(
            variableCount: 2, hiddenWidths: [3], activation: .relu, direct: false, memberCount: 1,
            encoding: .plusMinusOne,
            using: &generator)
        model.calibration = Calibration(logLikelihoods: rows.logLikelihoods, cells: cells)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Checkpoint.write(model, to: path)
        #expect(try Checkpoint.read(path).calibration == model.calibration)
    }
}
