import Foundation
import Testing

@testable import MADE

/// All 2^16 rows of the bundled nltcs model.
struct BundledCellTests {
    @Test func everyRowsGainsAreThoseOfItsNeighbours() throws {
        let model = try bundledNLTCS()
        let count = model.variableCount
        let rows = (0..<1 << count).map { bits in (0..<count).map { Float(bits >> $0 & 1) } }
        let scores = model.scores(rows.flatMap { $0 })
        let workspace = model.makeWorkspace()
        var (worst, atRow) = (0.0, 0)
        for (bits, row) in rows.enumerated() {
            for gain in model.gains(of: row, using: workspace) {
                let exact = scores[bits ^ 1 << gain.variable] - scores[bits]
                let isFlipped = gain.expected != Double(row[gain.variable])
                // Of two neighbours one gains what the other has more: so both conditionals are told, p = σ(±gain).
                let error = abs(gain.gain - max(exact, 0)) + (isFlipped == (gain.gain > 0) ? 0 : 1)
                if error > worst { (worst, atRow) = (error, bits) }
            }
        }
        #expect(worst < 1e-5, "\(worst) at row \(atRow)")
    }

    @Test func fullConditionalsAreThoseOfAllRows() throws {
        let model = try bundledNLTCS()
        let count = model.variableCount
        let workspace = model.makeWorkspace()
        for bits in stride(from: 0, to: 1 << count, by: 331) {
            let row = (0..<count).map { Float(bits >> $0 & 1) }
            for variable in 0..<count {
                let both = [Float(0), 1].flatMap { value in
                    var row = row
                    row[variable] = value
                    return row
                }
                let scores = model.scores(both)
                let found = model.fullConditional(of: variable, in: row, using: workspace)
                for (outcome, score) in zip(found.outcomes, scores) {
                    let exact = exp(score - scores[1]) / (1 + exp(scores[0] - scores[1]))
                    #expect(abs(outcome.probability / exact - 1) < 1e-5, "row \(bits), variable \(variable)")
                }
            }
        }
    }
}
