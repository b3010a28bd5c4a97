import Foundation
import MADE
import MADETraining

/// A distribution that is known exactly: each of `count` binary variables copies the one `lag` before it, but for a share
/// of flips.
struct MarkovTable {
    let count: Int
    let lag: Int
    let flips: Double

    /// Log-probability of one row, nats.
    func logProbability(_ row: ArraySlice<Float>) -> Double {
        let values = Array(row)
        return (0..<count).reduce(0) { sum, place in
            guard place >= lag else { return sum - log(2) }
            return sum + log(values[place] == values[place - lag] ? 1 - flips : flips)
        }
    }

    /// Entropy, nats.
    var entropy: Double {
        Double(lag) * log(2) - Double(count - lag) * (flips * log(flips) + (1 - flips) * log(1 - flips))
    }

    /// `rowCount` independent rows.
    func rows(_ rowCount: Int, seed: UInt64) -> Table {
        var generator = PhiloxGenerator(seed: seed)
        var values: [Float] = []
        for _ in 0..<rowCount {
            var row: [Float] = []
            for place in 0..<count {
                if place < lag {
                    row.append(generator.uniform() < 0.5 ? 0 : 1)
                } else {
                    row.append(Double(generator.uniform()) < flips ? 1 - row[place - lag] : row[place - lag])
                }
            }
            values += row
        }
        return Table(columns: (0..<count).map { "x\($0)" }, values: values)
    }

    /// All 2^count rows.
    var allRows: [[Float]] {
        (0..<1 << count).map { number in (0..<count).map { Float(number >> $0 & 1) } }
    }
}
