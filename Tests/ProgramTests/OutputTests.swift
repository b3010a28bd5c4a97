import Foundation
import MadeProgram
import Testing

/// What the program writes, and what it does where it cannot.
@Suite struct OutputTests {
    private static let byForce = "choose another name, or --force to replace what is there\n"
    private static let table = "a,b\n" + String(repeating: "0,1\n1,0\n1,1\n", count: 100)

    private let folder: TestFolder
    private let data: String

    init() throws {
        folder = try TestFolder()
        data = folder.path("t.csv")
        try Self.table.write(toFile: data, atomically: true, encoding: .utf8)
    }

    private func train(_ more: [String]) throws -> Program.Outcome {
        try Program.run(["train", data, "--hidden", "4", "--members", "1", "--epochs", "2"] + more)
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }

    @Test func aTableIsNotReplacedByItsModel() throws {
        let refused = try train(["-o", data])
        #expect(refused.status == 1 && refused.output.isEmpty)
        #expect(refused.errors == "Error: \(data): is a file that is read; \(Self.byForce)", "and no table was read")
        let others = ["--validation", "--calibration", "--test", "--schema"]
        for option in others {
            let path = folder.path("other.csv")
            try Self.table.write(toFile: path, atomically: true, encoding: .utf8)
            let outcome = try train([option, path, "-o", path])
            #expect(outcome.status == 1 && outcome.errors == "Error: \(path): is a file that is read; \(Self.byForce)")
        }
        #expect(try String(contentsOfFile: data, encoding: .utf8) == Self.table)
        #expect(try names() == ["other.csv", "t.csv"])

        #expect(try train(["-o", data, "--force"]).status == 0, "it has been read by then")
        #expect(try Program.run(["inspect", data]).status == 0)
    }

    @Test func outputsReplaceTheirOwnKindOnly() throws {
        let (model, plot) = (folder.path("m.safetensors"), folder.path("m.svg"))
        for _ in 0..<2 {
            #expect(try train(["-o", model]).status == 0)
            #expect(try Program.run(["inspect", model, "--plot", plot]).status == 0)
            #expect(try Program.run(["evaluate", model, data, "--plot", plot]).status == 0)
        }
        let state = Program.fixture("layers_random_elu_deep.safetensors")
        let attempts = [
            (plot, ["train", data, "-o", plot], "is not a checkpoint"),
            (plot, ["import", state, "--activation", "elu", "-o", plot], "is not a checkpoint"),
            (state, ["import", state, "--activation", "elu", "-o", state], "is a file that is read"),
            (data, ["evaluate", model, data, "--plot", data], "is a file that is read"),
            (model, ["evaluate", model, data, "--plot", model], "is a file that is read"),
            (data, ["inspect", model, "--plot", data], "is not a plot that made has drawn"),
        ]
        for (path, arguments, reason) in attempts {
            let before = FileManager.default.contents(atPath: path)
            let outcome = try Program.run(arguments)
            #expect(outcome.status == 1 && outcome.errors == "Error: \(path): \(reason); \(Self.byForce)", "\(outcome)")
            #expect(outcome.output.isEmpty && FileManager.default.contents(atPath: path) == before)
        }
        #expect(try names() == ["m.safetensors", "m.svg", "t.csv"])
        #expect(try Program.run(["inspect", model, "--plot", data, "--force"]).status == 0)
        #expect(try String(contentsOfFile: data, encoding: .utf8).hasPrefix("<svg "))
    }

    @Test func aSearchLeavesAFileAloneThatIsNotItsState() throws {
        let path = folder.path("m.search.json")
        try "{}".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try train(["-o", folder.path("m")]).status == 0, "no search, no state")
        let refused = try train(["-o", folder.path("m"), "--search", "2", "--force"])
        let reason = "is not the state of a search; move it away, or choose another output"
        #expect(refused.status == 1 && refused.errors == "Error: \(path): \(reason)\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "{}")
    }

    @Test func devicesStayDevices() throws {
        let null = folder.path("null")
        guard mknod(null, S_IFCHR | 0o666, 0x103) == 0 else { return }
        for more in [[], ["--force"]] {
            let refused = try train(["-o", null] + more)
            #expect(refused.status == 1)
            #expect(refused.errors == "Error: \(null): is a device, which is never replaced; choose another name\n")
        }
        var status = stat()
        #expect(lstat(null, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func aFileThatGrowsOverTheLimitIsTakenAway() throws {
        let model = folder.path("m.safetensors")
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        let errors = Pipe()
        shell.standardError = errors
        shell.arguments = [
            "-c", #"ulimit -f 1; exec "$0" import "$1" --activation elu -o "$2""#, Program.path,
            Program.fixture("layers_random_elu_deep.safetensors"), model,
        ]
        try shell.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1 && text == "Error: \(model): cannot be written: File too large\n")
        #expect(try names() == ["t.csv"])
    }

    // MARK: - Standard output

    private var commands: [[String]] {
        let model = Program.bundled("nltcs")
        let rows = folder.path("rows.csv")
        return [
            ["evaluate", model, rows], ["score", model, rows], ["sample", model, "--seed", "1"], ["inspect", model],
            ["train", data, "--print-schema"], ["serve", "--print-config"],
            ["train", data, "--hidden", "4", "--members", "1", "--epochs", "1", "-o", folder.path("m")],
            ["--help"], ["help", "train"], ["score", "--help"], ["--generate-completion-script", "bash"],
        ]
    }

    private func makeRows() throws {
        let rows = try Program.run(["sample", Program.bundled("nltcs"), "-n", "20", "--seed", "1"])
        try rows.output.write(toFile: folder.path("rows.csv"), atomically: true, encoding: .utf8)
    }

    @Test func aFullDiskIsToldByEveryVerb() throws {
        try makeRows()
        let full = folder.path("full")
        guard mknod(full, S_IFCHR | 0o666, 0x107) == 0, let disk = FileHandle(forWritingAtPath: full) else { return }
        for arguments in commands {
            let outcome = try Program.run(arguments, output: disk)
            #expect(outcome.status == 1, "\(arguments)")
            let reason = "Error: standard output cannot be written: No space left on device\n"
            #expect(outcome.errors.hasSuffix(reason), "\(arguments): \(outcome.errors)")
        }
    }

    @Test func aReaderThatGoesAwayEndsTheProgramWithoutAWord() throws {
        try makeRows()
        for arguments in commands where arguments[0] != "train" || arguments.contains("--print-schema") {
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            let outcome = try Program.run(arguments, output: pipe.fileHandleForWriting)
            #expect(outcome.status == 1 && outcome.errors.isEmpty, "\(arguments): \(outcome)")
        }
    }
}
