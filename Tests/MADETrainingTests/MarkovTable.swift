import Foundation
import MADE
import MADERows

@testable import MADETraining

/// A distribution that is known exactly: each of `count` binary variables copies the one `lag` before it, but for a share
/// of flips.
struct MarkovTable {
    let count: Int
    let lag: Int
    let flips: Double

    /// Log-probability of one row, nats.
    func logProbability(_ row: [Double]) -> Double {
        (0..<count).reduce(0) { sum, place in
            guard place >= lag else { return sum - log(2) }
            return sum + log(row[place] == row[place - lag] ? 1 - flips : flips)
        }
    }

    /// Entropy, nats.
    var entropy: Double {
        Double(lag) * log(2) - Double(count - lag) * (flips * log(flips) + (1 - flips) * log(1 - flips))
    }

    /// `rowCount` independent rows.
    func rows(_ rowCount: Int, seed: UInt64) -> Table {
        var generator = PhiloxGenerator(seed: seed)
        var values: [Double] = []
        for _ in 0..<rowCount {
            var row: [Double] = []
            for place in 0..<count {
                if place < lag {
                    row.append(generator.uniform() < 0.5 ? 0 : 1)
                } else {
                    row.append(Double(generator.uniform()) < flips ? 1 - row[place - lag] : row[place - lag])
                }
            }
            values += row
        }
        return Table(columns: (0..<count).map { "x\($0)" }, rows: values)
    }

    /// All 2^count rows.
    var allRows: [[Double]] {
        (0..<1 << count).map { number in (0..<count).map { Double(number >> $0 & 1) } }
    }
}

extension Table {
    /// The values of one row.
    func row(_ index: Int) -> [Double] { values.map { $0[index] } }

    /// The rows one after the other as a network takes them, of binary columns and labels: such values are what they are.
    var encoded: EncodedTable {
        EncodedTable(columnCount: columns.count, values: (0..<rowCount).flatMap { row($0).map { Float($0) } })
    }

    /// The same columns with one value changed.
    func changed(row: Int, column: Int, _ change: (Double) -> Double) -> Table {
        var values = values
        values[column][row] = change(values[column][row])
        return Table(columns: columns, values: values)
    }
}
