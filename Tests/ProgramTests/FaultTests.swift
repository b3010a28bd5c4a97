import Foundation
import MadeProgram
import RawHTTP
import Testing

/// What becomes of files where the system fails.
@Suite(.enabled(if: Faults.isAvailable, Comment(rawValue: Faults.reason))) struct FaultTests {
    private let folder: TestFolder
    private let (table, model, plot, fixture): (String, String, String, String)

    init() throws {
        folder = try TestFolder()
        (table, model, plot) = (folder.path("t.csv"), folder.path("m.safetensors"), folder.path("p.svg"))
        fixture = Program.fixture("layers_random_elu_deep.safetensors")
        // More than one piece of reading.
        try ("a,b\n" + String(repeating: "0,1\n1,0\n1,1\n", count: 30_000))
            .write(toFile: table, atomically: true, encoding: .utf8)
    }

    private func run(_ arguments: [String], _ rules: String, output: FileHandle? = nil) throws -> Program.Outcome {
        try Program.run(arguments, output: output, environment: Faults.environment(rules))
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }

    private func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

    private var training: [String] {
        ["train", folder.path("few.csv"), "--hidden", "4", "--members", "1", "--epochs", "2", "-o", model]
    }

    private func prepare() throws {
        try ("a,b\n" + String(repeating: "0,1\n1,0\n1,1\n", count: 100))
            .write(toFile: folder.path("few.csv"), atomically: true, encoding: .utf8)
        try #require(try Program.run(training).status == 0)
    }

    // MARK: - Files that are written

    /// Calls on the temporary file that fail, with what the system says.
    private static let faults = [
        ("write 0 1 2 .made-;write 28 1 0 .made-", "No space left on device"),
        ("rename 5 1 0 .made-", "Input/output error"), ("write 5 1 0 .made-", "Input/output error"),
        ("fsync 122 1 0 .made-", "Disk quota exceeded"),
        ("open 24 2 0 .made-", "Too many open files"), ("open 23 1 0 .made-", "Too many open files in system"),
    ]

    /// Every verb that writes files, with the file that is not written.
    private var writing: [(arguments: [String], path: String)] {
        let (out, log) = (folder.path("out"), folder.path("log"))
        let few = folder.path("few.csv")
        return [
            (training + ["--seed", "7"], model),
            (["import", fixture, "--activation", "elu", "-o", model], model),
            (["import", fixture, "--activation", "elu", "-o", out], out),
            (["evaluate", model, few, "--plot", plot], plot), (["inspect", model, "--plot", plot], plot),
            (["impute", few, "-m", model, "-o", out], out), (["repair", few, "-m", model, "-o", out], out),
            (["repair", few, "-m", model, "--log", log], log),
        ]
    }

    @Test func aFileThatCannotBeWrittenIsToldAndLeavesTheOneBefore() throws {
        try prepare()
        // Of its own kind, and different from what would be written.
        try #require(try Program.run(["inspect", Program.bundled("nltcs"), "--plot", plot]).status == 0)
        let (modelBefore, plotBefore, namesBefore) = try (bytes(model), bytes(plot), names())
        for (index, (arguments, path)) in writing.enumerated() {
            // All files are written by the same code: every fault once, and a few of every verb.
            for (rules, reason) in Self.faults.prefix(index == 0 ? Self.faults.count : 2) {
                let outcome = try run(arguments, rules)
                #expect(outcome.status == 1, "\(arguments) \(rules)")
                #expect(
                    outcome.errors.hasSuffix("Error: \(path): cannot be written: \(reason)\n"),
                    "\(arguments) \(rules): \(outcome.errors)")
                #expect(bytes(model) == modelBefore && bytes(plot) == plotBefore, "\(arguments) \(rules)")
                #expect(try names() == namesBefore, "\(arguments) \(rules)")
            }
        }
    }

    @Test func shortAndInterruptedCallsChangeNothing() throws {
        try prepare()
        let expected = try #require(bytes(model))
        for rules in ["write 0 1 0 .made-", "write 4 1 3 .made-;write 0 1 0 .made-", "fsync 4 1 3 *"] {
            #expect(try run(training, rules).status == 0, "\(rules)")
            #expect(bytes(model) == expected, "\(rules)")
        }
        let scored = try Program.run(["score", model, folder.path("few.csv")]).output
        for rules in [
            "read 0 1 0 few.csv", "read 4 1 3 few.csv", "pread 0 1 0 m.safe", "pread 4 1 3 m.safe", "write 4 1 3 pipe:",
            "write 0 1 50 pipe:",
        ] {
            let outcome = try run(["score", model, folder.path("few.csv")], rules)
            #expect(outcome.status == 0 && outcome.output == scored, "\(rules): \(outcome.errors)")
        }
    }

    /// The old file cannot come back by then; whether the new one stays, nobody knows.
    @Test func aFolderThatCannotBeSynchronisedIsToldOfTheFileThatIsThere() throws {
        try prepare()
        let before = try (names(), bytes(model))
        let outcome = try run(training + ["--seed", "7"], "fsync 5 2 0 *")
        #expect(outcome.status == 1)
        let reason = "its folder cannot be synchronised: Input/output error"
        let expected = "Error: \(model): is written, but may be gone after a power failure: \(reason)\n"
        #expect(outcome.errors.hasSuffix(expected), "\(outcome.errors)")
        #expect(try names() == before.0 && bytes(model) != before.1 && Program.run(["inspect", model]).status == 0)
        #expect(try run(training, "fsync 22 2 0 *").status == 0, "a file system that has no need to")
    }

    @Test func theStateOfASearchOutlivesWhatFails() throws {
        try prepare()
        let search = training + ["--search", "2"]
        let state = model + ".search.json"
        #expect(try run(search, "write 28 2 0 .made-").status == 1, "the second trial's")
        let (modelBefore, stateBefore) = try (bytes(model), #require(bytes(state)))
        let faults = [
            ("write 28 1 0 .made-", "cannot be written: No space left on device"),
            ("rename 5 1 0 search.json", "cannot be written: Input/output error"),
            ("read 5 1 0 search.json", "cannot be read: Input/output error"),
            ("open 24 1 0 search.json", "Too many open files"),
        ]
        for (rules, reason) in faults {
            let outcome = try run(search, rules)
            #expect(outcome.status == 1 && outcome.errors.contains("Error: \(state): "), "\(rules): \(outcome.errors)")
            #expect(outcome.errors.contains(reason), "\(rules): \(outcome.errors)")
            #expect(bytes(state) == stateBefore && bytes(model) == modelBefore, "\(rules)")
        }
        let outcome = try Program.run(search)
        #expect(outcome.status == 0 && outcome.errors.contains("going on behind 1 trial"), "\(outcome.errors)")
    }

    // MARK: - Standard output

    @Test func standardOutputThatFailsIsToldByItsReason() throws {
        try prepare()
        let few = folder.path("few.csv")
        let path = folder.path("output")
        for arguments in [
            ["score", model, few], ["sample", model, "-n", "100", "--seed", "1"], ["key", "alice"], ["inspect", model],
            ["train", few, "--print-schema"], ["impute", few, "-m", model], ["repair", few, "-m", model],
        ] {
            for (rules, reason) in [
                ("write 28 1 0 /output", "No space left on device"),
                ("write 0 1 3 /output;write 5 1 0 /output", "Input/output error"),
            ] {
                try Data().write(to: URL(fileURLWithPath: path))
                let output = try #require(FileHandle(forWritingAtPath: path))
                let outcome = try run(arguments, rules, output: output)
                #expect(outcome.status == 1, "\(arguments) \(rules)")
                #expect(
                    outcome.errors.hasSuffix("Error: standard output cannot be written: \(reason)\n"),
                    "\(arguments) \(rules): \(outcome.errors)")
                #expect(!outcome.errors.contains("key of"), "a key without its line is of no use")
            }
        }
    }

    // MARK: - Files that are read

    @Test func aFileThatCannotBeReadIsToldByItsReason() throws {
        try prepare()
        let schema = folder.path("s.json")
        try Program.run(["train", table, "--print-schema"]).output
            .write(toFile: schema, atomically: true, encoding: .utf8)
        let before = try (names(), bytes(model))
        let out = folder.path("out")
        let scoring = (["score", model, table], table, "t.csv")
        for (arguments, path, place) in [
            scoring, (["train", table, "-o", out], table, "t.csv"), (["evaluate", model, table], table, "t.csv"),
            (["impute", table, "-m", model, "-o", out], table, "t.csv"),
            (["repair", table, "-m", model, "-o", out], table, "t.csv"),
            (["train", table, "--schema", schema, "--print-schema"], schema, "s.json"),
            (["score", model, table], model, "m.safe"), (["inspect", model], model, "m.safe"),
            (["import", fixture, "--activation", "elu", "-o", out], fixture, "layers_random"),
        ] {
            let call = path == model || path == fixture ? "pread" : "read"
            var faults = [
                ("\(call) 5 1 0 \(place)", "Input/output error"), ("open 24 1 0 \(place)", "Too many open files"),
            ]
            // In the middle of it.
            if path != schema { faults.append(("\(call) 5 2 0 \(place)", "Input/output error")) }
            if arguments == scoring.0 { faults.append(("open 23 1 0 \(place)", "Too many open files in system")) }
            for (rules, reason) in faults {
                let outcome = try run(arguments, rules)
                #expect(outcome.status == 1, "\(arguments) \(rules)")
                #expect(
                    outcome.errors.hasSuffix("Error: \(path): cannot be read: \(reason)\n"),
                    "\(arguments) \(rules): \(outcome.errors)")
            }
        }
        #expect(try names() == before.0 && bytes(model) == before.1)
    }

    @Test func settingsAndKeysThatCannotBeReadAreToldByTheirReason() throws {
        let (settings, keys) = (folder.path("made.yaml"), folder.path("keys.txt"))
        try "alpha: 0.5\n".write(toFile: settings, atomically: true, encoding: .utf8)
        try Program.run(["key", "alice"]).output.write(toFile: keys, atomically: true, encoding: .utf8)
        for (arguments, path) in [
            (["serve", "--port", "0", "--config", settings], settings),
            (["serve", "--port", "0", "--api-keys-file", keys], keys),
        ] {
            let outcome = try run(arguments, "open 24 1 0 \(path.split(separator: "/").last ?? "")")
            #expect(outcome.status != 0, "\(arguments)")
            #expect(outcome.errors.contains("\(path): Too many open files"), "\(arguments): \(outcome.errors)")
        }
    }
}
