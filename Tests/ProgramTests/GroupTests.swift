import Foundation
import MADE
import MadeProgram
import Testing

/// `made train --groups` and what the other verbs make of its models, as a user runs them.
@Suite struct GroupTests {
    private let folder: TestFolder
    private let data: String

    init() throws {
        folder = try TestFolder()
        data = folder.path("table.csv")
        try Self.table(1500, seed: 1).write(toFile: data, atomically: true, encoding: .utf8)
    }

    /// Numbers that are five times as spread in Bonn as in Aachen; a few rows of Celle.
    private static func table(_ count: Int, seed: UInt64) -> String {
        var generator = PhiloxGenerator(seed: seed)
        return (0..<count).reduce(into: "size,city,when,open\n") { text, row in
            let isSpread = Bool.random(using: &generator)
            let normal = (0..<12).reduce(Float(-6)) { (sum: Float, _: Int) in sum + generator.uniform() }
            let city = row % 30 == 7 ? "Celle" : isSpread ? "Bonn" : "Aachen"
            text +=
                "\(normal * (isSpread ? 5 : 1)),\(city),2024-0\(1 + row % 9)-1\(row % 8),\(row % 3 == 0 ? "yes" : "no")\n"
        }
    }

    private func train(_ more: [String]) throws -> Program.Outcome {
        try Program.run(
            ["train", data, "-o", folder.path("m.safetensors"), "--hidden", "8", "--members", "1", "--steps", "100"]
                + more)
    }

    @Test func everyVerbComparesARowWithItsGroup() throws {
        let outcome = try train(["--groups", "city"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("groups      2 of city with rows of their own: Aachen 1"), "\(outcome.output)")
        let path = folder.path("m.safetensors")
        let calibration = try #require(try Checkpoint.read(path).calibration)
        let groups = try #require(calibration.groups)
        let inspected = try Program.run(["inspect", path]).output
        #expect(
            inspected.contains(
                "groups          city: Aachen (\(groups.rowCounts[0]) rows) Bonn (\(groups.rowCounts[1]) rows)"),
            "\(inspected)")
        #expect(inspected.contains("the rest is compared with all 300 rows"), "\(inspected)")
        let new = Self.table(900, seed: 2)
        let scored = try Program.run(["score", path, "--alpha", "0.05"], input: new)
        try #require(scored.status == 0, "\(scored.errors)")
        let lines = scored.output.split(separator: "\n")
        #expect(lines[0] == "log_likelihood,p_value,anomaly,score,group,error")
        let cities = new.split(separator: "\n").dropFirst().map { String($0.split(separator: ",")[1]) }
        var flaggedCount = 0
        for (line, city) in zip(lines.dropFirst(), cities) {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            #expect(cells[4] == (city == "Celle" ? "" : city))
            let score = try #require(Double(cells[3]))
            let group = groups.names.firstIndex(of: cells[4])
            #expect(Double(cells[1]) == calibration.pValue(of: score, by: .combined, in: group))
            if cells[2] == "true" { flaggedCount += 1 }
        }
        let rows = folder.path("new.csv")
        try new.write(toFile: rows, atomically: true, encoding: .utf8)
        let evaluated = try Program.run(["evaluate", path, rows, "--alpha", "0.05", "--plot", folder.path("plot.svg")])
        let share = (Double(flaggedCount) / 900 * 1e5).rounded() / 1e5
        #expect(evaluated.output.contains("anomalies           \(share) ("), "\(evaluated)")
        // Only Bonn's, or Aachen's, rows can have p-values as small as that.
        let alpha = 1 / Double(1 + (groups.rowCounts.max() ?? 0))
        let note = try Program.run(["score", path, "--alpha", "\(alpha * 1.0001)"], input: new)
        #expect(
            groups.rowCounts[0] == groups.rowCounts[1] || note.errors.contains("no row of these groups is judged"),
            "\(note.errors)")
    }

    @Test func columnsThatFormNoGroupsAreErrorsThatSayWhichWould() throws {
        for (column, reason) in [
            ("size", "it is a column of numbers"), ("citty", "the table has no such column; did you mean 'city'?"),
            ("when", "it is a column of dates"),
        ] {
            let outcome = try train(["--groups", column])
            #expect(outcome.status == 1, "\(outcome)")
            #expect(
                outcome.errors.contains("Error: --groups \(column): \(reason)")
                    && outcome.errors.contains(
                        "groups are the values of a column of labels or of two values: city, open\n"),
                "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.path("m.safetensors")))
        }
        let dropped = try train(["--groups", "city", "--drop", "city"])
        #expect(dropped.errors.contains("--groups city: the column is left out of the model"), "\(dropped.errors)")
    }
}
