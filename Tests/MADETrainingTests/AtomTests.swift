import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// Numbers that many rows share, and columns with missing values.
struct AtomTests {
    @Test func atomsAreNumbersThatStandOut() {
        var generator = PhiloxGenerator(seed: 1)
        func find(_ numbers: [Double]) -> [Double] { Atoms.find(numbers.sorted()) }
        let measured = (0..<1000).map { _ in Double(generator.uniform()) * 100 }
        #expect(find(measured).isEmpty && find([]).isEmpty && find([Double](repeating: 3, count: 19)).isEmpty)
        #expect(find(measured + [Double](repeating: 0, count: 5000)) == [0])
        #expect(find(measured + [Double](repeating: 45, count: 21)) == [45])
        // Fewer than one in a hundred, or too few to tell.
        #expect(find(measured + [Double](repeating: 45, count: 9)).isEmpty)
        // Few different numbers; whole numbers that are all as frequent as their neighbours are a density.
        #expect(find((0..<500).map { [3.0, 4, 5, 6, 8][$0 % 5] }) == [3, 4, 5, 6, 8])
        #expect(find((0..<9000).map { Double($0 % 90) }).isEmpty)
        #expect(find((0..<9000).map { Double($0 % 90) } + [Double](repeating: 65, count: 900)) == [65])
    }

    @Test func zerosAreZerosAndNothingIsBelow() throws {
        // Claims: none in 92 % of the rows, else an amount; one in ten has no answer whether there was one.
        var generator = PhiloxGenerator(seed: 2)
        func table(_ rowCount: Int) -> Table {
            var rows: [Double] = []
            for _ in 0..<rowCount {
                let hasClaim = generator.uniform() < 0.08
                let normal = (0..<12).reduce(-6.0) { sum, _ in sum + Double(generator.uniform()) }
                let amount = hasClaim ? (exp(6 + 0.8 * normal) * 100).rounded() / 100 : 0
                let flag = generator.uniform() < 0.1 ? Double.nan : hasClaim ? 1 : 0
                rows += [flag, amount]
            }
            return Table(columns: ["claim", "amount"], rows: rows)
        }
        let schema = TableSchema(columns: [
            .init(name: "claim", kind: .binary), .init(name: "amount", kind: .real(step: nil, resolution: 0.01)),
        ])
        var options = TrainingOptions.recommended(for: schema)
        options.hiddenWidths = [16]
        options.memberCount = 2
        options.stepCount = 600
        let model = try Trainer(options).train(TrainingTables(train: table(3000), schema: schema), name: "claims")
        guard case .real(let encoding) = model.variables[1].kind else {
            Issue.record("no number")
            return
        }
        #expect(encoding.atoms == [0] && model.variables.map(\.hasMissing) == [true, false])
        #expect(model.calibration?.logLikelihoods.count == 600)
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: 4000, seed: 1), using: compiled.makeWorkspace())
        let amounts = (0..<4000).map { compiled.card.variables[1].decode(samples.rows[2 * $0 + 1]) }
        let flags = (0..<4000).map { samples.rows[2 * $0] }
        let zeroShare = Double(amounts.count { $0 == 0 }) / 4000
        #expect(abs(zeroShare - 0.92) < 0.02, "\(zeroShare)")
        #expect(amounts.allSatisfy { $0 >= 0 })
        #expect(abs(Double(flags.count { $0 == Variable.missingValue }) / 4000 - 0.1) < 0.02)
        // No claim has no amount: told by the flag, and not where that is missing.
        let contradictions = zip(flags, amounts).count { $0 == 0 && $1 > 0 || $0 == 1 && $1 == 0 }
        #expect(contradictions < 40, "\(contradictions)")
    }
}
