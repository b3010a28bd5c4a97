import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// Which rows train, validate and calibrate.
@Suite struct SplitTests {
    @Test func smallTablesAreSplitIntoFoldsThatCoverThem() throws {
        let table = Table(columns: ["x"], rows: (0..<93).map { Double($0) })
        var options = TrainingOptions()
        options.foldCount = 4
        let split = try TableSplit(table, validation: nil, calibration: nil, options: options)
        #expect(split.calibration == nil)
        #expect(Set(split.train.values[0] + split.validation.values[0]) == Set(table.values[0]))
        #expect(split.folds.flatMap { $0.calibration?.values[0] ?? [] }.sorted() == table.values[0])
        for fold in split.folds {
            let held = try #require(fold.calibration).values[0]
            #expect((23...24).contains(held.count) && fold.validation.rowCount == 0)
            #expect(Set(fold.train.values[0] + held) == Set(table.values[0]))
            #expect(fold.train.rowCount + held.count == 93)
        }
        options.foldCount = 0
        let plain = try TableSplit(table, validation: nil, calibration: nil, options: options)
        #expect(plain.calibration?.rowCount == 18 && plain.folds.isEmpty)
        let given = try TableSplit(table, validation: table, calibration: table, options: options)
        #expect(given.folds.isEmpty && given.train == table)
    }

    @Test func theSplitIsDisjointAndWhole() throws {
        // Row i holds i in binary, so that rows can be told apart.
        let values = (0..<1000).flatMap { row in (0..<10).map { Double(row >> $0 & 1) } }
        let table = Table(columns: (0..<10).map { "x\($0)" }, rows: values)
        func numbers(_ table: Table?) -> [Int] {
            guard let table else { return [] }
            return (0..<table.rowCount).map { row in
                (0..<10).reduce(0) { $0 + Int(table.values[$1][row]) << $1 }
            }
        }
        let options = TrainingOptions()
        let split = try TableSplit(table, validation: nil, calibration: nil, options: options)
        let parts = [split.train, split.validation, split.calibration].map(numbers)
        #expect(parts.map(\.count) == [700, 100, 200])
        #expect(Set(parts.joined()) == Set(0..<1000))
        let given = try TableSplit(table, validation: table, calibration: nil, options: options)
        #expect(numbers(given.calibration) == parts[2])
        #expect(numbers(given.train).count == 800)
        let whole = try TableSplit(table, validation: table, calibration: table, options: options)
        #expect(numbers(whole.train) == Array(0..<1000))
    }
}
