import Foundation
import MADE
import MADERows
import Oracle
import Testing

@testable import MADETraining

/// Columns that take their numbers from a list.
struct NumberListTests {
    private let rates = [5.31, 5.32, 6.07, 6.08, 6.71, 6.72, 9.43, 9.92, 9.93, 11.98, 14.07, 21.45]

    private func find(_ numbers: [Double], step: Double?) -> [Double] { NumberList.find(numbers.sorted(), step: step) }

    @Test func listsHaveUnevenGapsInWhichThereIsNothing() {
        var generator = PhiloxGenerator(seed: 1)
        let numbers = (0..<600).map { rates[$0 % 12] }
        #expect(find(numbers, step: 0.01) == rates && find(numbers, step: nil) == rates)
        // A few others; one that two rows have is of the list.
        #expect(find(numbers + [7.2, 7.2, 8.5, 0.993], step: 0.01) == (rates + [7.2]).sorted())
        #expect(find(numbers + [8.5, 8.6, 8.7, 0.993], step: 0.01).isEmpty, "others are on the way")
        #expect(find(numbers + (0..<60).map { 7 + Double($0) / 100 }, step: 0.01).isEmpty)
        // Whole numbers, numbers on a grid that the decimals hide, measured ones, most of a scale's, and too few to tell.
        #expect(find((0..<9000).map { Double($0 % 90) }, step: 1).isEmpty)
        #expect(find((0..<900).map { (Double($0 % 9) * 1e4 / 255).rounded() / 1e4 }, step: 1e-4).isEmpty)
        #expect(find((0..<1000).map { _ in Double(generator.uniform()) }, step: nil).isEmpty)
        #expect(find((0..<1000).map { [1, 2, 3, 4, 6, 9, 10, 11, 12, 15][$0 % 10] }, step: 1).isEmpty)
        #expect(find((0..<100).map { rates[$0 % 12] }, step: 0.01).isEmpty)
        #expect(find([], step: nil).isEmpty && find([Double](repeating: 3, count: 50), step: 1).isEmpty)
    }

    @Test func samplesAndImputedValuesAreOfTheListAndOtherRatesUnlikely() throws {
        // The rate follows from the grade, but for a little.
        var generator = PhiloxGenerator(seed: 2)
        let rows = (0..<1200).flatMap { _ -> [Double] in
            let grade = Int.random(in: 0..<4, using: &generator)
            return [Double(grade), rates[3 * grade + Int.random(in: 0..<3, using: &generator)]]
        }
        let schema = TableSchema(columns: [
            .init(name: "grade", kind: .categorical(Categories(labels: ["A", "B", "C", "D"]))),
            .init(name: "rate", kind: .real(step: 0.01)),
        ])
        var options = TrainingOptions.recommended(for: schema)
        options.memberCount = 2
        options.stepCount = 600
        options.foldCount = 0
        let model = try Trainer(options).train(
            TrainingTables(train: Table(columns: ["grade", "rate"], rows: rows), schema: schema), name: "rates")
        guard case .real(let encoding) = model.variables[1].kind else {
            Issue.record("no number")
            return
        }
        #expect(encoding.support == rates)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let samples = compiled.sample(SamplingRequest(count: 2000, seed: 1), using: workspace).rows
        var ownCount = 0
        for row in 0..<2000 {
            let rate = model.variables[1].decode(samples[2 * row + 1])
            let place = try #require(rates.firstIndex(of: rate))
            ownCount += place / 3 == Int(samples[2 * row]) ? 1 : 0
        }
        #expect(ownCount > 1700, "\(ownCount) of 2,000 drawn rates are of their grade")
        let oracle = Oracle(model)
        func logLikelihood(_ rate: Double) -> Double {
            oracle.logLikelihood(of: [2, Double(encoding.encode(rate))])
        }
        #expect(logLikelihood(9.92) > logLikelihood(99.2) + 20 && logLikelihood(9.92) > logLikelihood(0.992) + 8)
    }
}
