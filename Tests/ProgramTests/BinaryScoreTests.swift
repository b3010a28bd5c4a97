import Foundation
import MADE
import MadeProgram
import Testing

/// `made score --output-format binary`, read by its documented layout.
@Suite struct BinaryScoreTests {
    private struct Scores: Equatable {
        var numbers: [[UInt64]] = [[], [], []]
        var anomalies: [UInt8] = []
        var errors: [String] = []
    }

    private func run(_ arguments: [String], input: Data) throws -> (data: Data, errors: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = arguments
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (standardInput, output, errors)
        try process.run()
        let writer = Thread {
            standardInput.fileHandleForWriting.write(input)
            try? standardInput.fileHandleForWriting.close()
        }
        writer.start()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (data, text, process.terminationStatus)
    }

    private func read(_ data: Data) throws -> (scores: Scores, blockCount: Int) {
        var scores = Scores()
        var rest = [UInt8](data)[...]
        func number(_ width: Int) throws -> UInt64 {
            try #require(rest.count >= width)
            defer { rest = rest.dropFirst(width) }
            return rest.prefix(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        var blockCount = 0
        while !rest.isEmpty {
            let (count, errorBytes) = (Int(try number(4)), Int(try number(4)))
            try #require(count > 0)
            for column in 0..<3 { scores.numbers[column] += try (0..<count).map { _ in try number(8) } }
            scores.anomalies += try (0..<count).map { _ in UInt8(try number(1)) }
            let ends = try (0..<count).map { _ in Int(try number(4)) }
            try #require(rest.count >= errorBytes && ends.last == errorBytes)
            let text = Array(rest.prefix(errorBytes))
            rest = rest.dropFirst(errorBytes)
            scores.errors += zip([0] + ends, ends).map { String(decoding: text[$0..<$1], as: UTF8.self) }
            blockCount += 1
        }
        return (scores, blockCount)
    }

    @Test func itHasTheBitsThatCSVHasAsText() throws {
        let model = Program.bundled("nltcs")
        let drawn = try Program.run(["sample", model, "-n", "30000", "--seed", "1"]).output.split(separator: "\n")
        var lines = drawn.map(String.init)
        lines[7] = "nonsense" + lines[7].dropFirst()
        lines[20_000] += ",1"
        let input = Data((lines.joined(separator: "\n") + "\n").utf8)
        let binary = try run(["score", model, "-", "--output-format", "binary"], input: input)
        #expect(binary.status == 0 && binary.errors.contains("2 of 30000 rows could not be scored"), "\(binary.errors)")
        let (scores, blockCount) = try read(binary.data)
        #expect(blockCount > 1, "they come as the rows do")

        let text = String(decoding: try run(["score", model, "-"], input: input).data, as: UTF8.self)
        var expected = Scores()
        for line in text.split(separator: "\n").dropFirst() {
            // log_likelihood,p_value,anomaly,score,error
            let cells = line.split(separator: ",", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
            try #require(cells.count == 5)
            for (column, cell) in [0, 3, 1].enumerated() {
                expected.numbers[column].append((Double(cells[cell]) ?? .nan).bitPattern)
            }
            expected.anomalies.append(cells[2].isEmpty ? 2 : cells[2] == "true" ? 1 : 0)
            expected.errors.append(cells[4].trimmingCharacters(in: ["\""]))
        }
        #expect(scores.numbers == expected.numbers && scores.anomalies == expected.anomalies)
        #expect(scores.errors.map(\.isEmpty) == expected.errors.map(\.isEmpty))
        #expect(scores.errors[6].contains("nonsense"), "\(scores.errors[6])")
        #expect(scores.errors[19_999].contains("17"), "\(scores.errors[19_999])")
        #expect(scores.anomalies.contains(1) && scores.anomalies[6] == 2)
    }

    @Test func withoutACalibrationThereAreLikelihoodsAlone() throws {
        let folder = try TestFolder()
        let (table, model) = ("\(folder.url.path)/t.csv", "\(folder.url.path)/m.safetensors")
        let rows = (0..<200).map { "\($0 % 2),\($0 / 2 % 2)" }
        try ("a,b\n" + rows.joined(separator: "\n") + "\n").write(toFile: table, atomically: true, encoding: .utf8)
        let trained = try Program.run(
            ["train", table, "-o", model, "--hidden", "4", "--epochs", "2", "--calibration-share", "0"])
        #expect(trained.status == 0, "\(trained.errors)")
        let (scores, _) = try read(
            run(["score", model, "-", "--output-format", "binary"], input: Data("a,b\n0,1\n1,1\n".utf8)).data)
        #expect(scores.numbers[0].allSatisfy { Double(bitPattern: $0).isFinite } && scores.numbers[0].count == 2)
        #expect(scores.numbers[1...].allSatisfy { $0.allSatisfy { Double(bitPattern: $0).isNaN } })
        #expect(scores.anomalies == [2, 2])
    }

    @Test func noRowsAreNoBlocks() throws {
        let model = Program.bundled("nltcs")
        let header = try Program.run(["sample", model, "-n", "1"]).output.split(separator: "\n")[0]
        let outcome = try run(["score", model, "-", "--output-format", "binary"], input: Data("\(header)\n".utf8))
        #expect(outcome.status == 0 && outcome.data.isEmpty)
    }

    @Test(arguments: [["--keep", "id"], ["--explain", "1"], ["--fdr", "0.1"]]) func whatItHasNoPlaceForIsRefused(
        options: [String]
    ) throws {
        let outcome = try Program.run(["score", Program.bundled("nltcs"), "-", "--output-format", "binary"] + options)
        #expect(outcome.status == 2 && outcome.errors.contains("no place for"), "\(outcome.errors)")
    }
}
