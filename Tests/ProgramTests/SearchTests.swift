import Foundation
import MADE
import MadeProgram
import Testing

/// `made train --search` as a user runs it.
@Suite struct SearchTests {
    private let testFolder: TestFolder
    private let folder: String
    private let data: String

    init() throws {
        testFolder = try TestFolder("made search")
        folder = testFolder.url.path
        data = "\(folder)/table.csv"
        try Self.table(seed: 1).write(toFile: data, atomically: true, encoding: .utf8)
    }

    /// Four columns, each the one before it but for one row in eight; with numbers that follow the last.
    private static func table(seed: UInt64) -> String {
        var generator = PhiloxGenerator(seed: seed)
        var text = "a,b,c,d,n\n"
        for _ in 0..<1100 {
            var row = [Int.random(in: 0...1, using: &generator)]
            for place in 0..<3 { row.append(row[place] ^ (Int.random(in: 0..<8, using: &generator) == 0 ? 1 : 0)) }
            text += row.map(String.init).joined(separator: ",")
            text += ",\(Float(row[3]) * 3 + generator.uniform() + generator.uniform())\n"
        }
        return text
    }

    private func command(_ output: String, _ more: [String]) -> [String] {
        [
            "train", data, "-o", "\(folder)/\(output).safetensors", "--name", "it's", "--hidden", "8", "--members", "2",
            "--steps", "60",
        ] + more
    }

    private func bytes(_ output: String) -> Data? {
        FileManager.default.contents(atPath: "\(folder)/\(output).safetensors")
    }

    private func isSearching(_ output: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/\(output).safetensors.search.json")
    }

    @Test func theLastLineIsACommandThatTrainsTheSameModelToTheBit() throws {
        let outcome = try Program.run(command("found", ["--search=6", "--search-minutes", "60"]))
        try #require(outcome.status == 0, "\(outcome.errors)")
        for number in 1...6 { #expect(outcome.errors.contains("trial \(number)/6  "), "\(outcome.errors)") }
        #expect(!isSearching("found"))
        let found = try #require(bytes("found"))
        let line = try #require(outcome.output.split(separator: "\n").last)
        try #require(line.hasPrefix("command     made train "))
        #expect(!line.contains("--search") && line.contains("--members 2") && !line.contains("winner      trial 1,"))
        try FileManager.default.removeItem(atPath: "\(folder)/found.safetensors")
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", String(line.replacing("command     made ", with: "'\(Program.path)' "))]
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(bytes("found") == found)
    }

    @Test func anInterruptedSearchKeepsTheBestAndGoesOnToTheSameFile() throws {
        let searching = try RunningProgram(command("one", ["--search", "1000"]))
        while !searching.errors.contains("trial 2/1000") {
            try #require(searching.isRunning, "\(searching.errors)")
        }
        searching.kill(SIGINT)
        let interrupted = searching.finish()
        #expect(interrupted.status == 0 && isSearching("one"), "\(interrupted.errors)")
        #expect(interrupted.errors.contains("the best so far; the same command goes on"), "\(interrupted.errors)")
        #expect(try Program.run(["inspect", "\(folder)/one.safetensors"]).status == 0)
        let trialCount = interrupted.errors.split(separator: "\n").count { $0.hasPrefix("trial ") }

        let refused = try Program.run(command("one", ["--search", "1000", "--dropout", "0.1"]))
        #expect(refused.status == 1 && refused.errors.contains("--dropout was 0.0, is 0.1"), "\(refused.errors)")

        let count = ["--search", "\(trialCount + 4)"]
        let resumed = try Program.run(command("one", count))
        #expect(resumed.status == 0 && resumed.errors.contains("going on behind \(trialCount) trial"))
        #expect(!isSearching("one"))
        let whole = try Program.run(command("other", count))
        #expect(whole.status == 0 && bytes("one") == bytes("other"))
        #expect(
            resumed.output.replacing("one.safetensors", with: "other.safetensors") == whole.output,
            "\(resumed.output) \(whole.output)")
    }

    @Test func wrongUsageIsRefused() throws {
        for more in [
            ["--search", "0"], ["--search", "few"], ["--search-minutes", "5"],
            ["--search", "2", "--search-minutes", "0"],
            ["--search", "3", "--contaminated"],
        ] {
            let outcome = try Program.run(command("none", more))
            #expect(outcome.status == 2 && outcome.errors.contains("search"), "\(more): \(outcome.errors)")
        }
        #expect(bytes("none") == nil)
    }
}
