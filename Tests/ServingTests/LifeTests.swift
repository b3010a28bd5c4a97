import Foundation
import MADE
import MadeProgram
import RawHTTP
import Testing

/// One run of the program with standard streams of one's own.
private final class Run {
    let process = Process()

    init(_ arguments: [String], output: FileHandle, errors: FileHandle, environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, mine in mine }
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// The exit status. A client that stayed would have a second for its next request.
    func stop(after client: Client) -> Int32 {
        client.abandon()
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// The next line; empty at the end.
private func line(_ file: FileHandle) -> String {
    var bytes: [UInt8] = []
    while let byte = try? file.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
}

private func port(_ line: some StringProtocol) throws -> UInt16 {
    try #require(UInt16(line.split(separator: ":").last?.prefix { $0.isNumber } ?? ""), "\(line)")
}

@Suite struct LifeTests {
    private static let row = "{\"rows\":[[\(Array(repeating: "0", count: 16).joined(separator: ","))]]}"
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    // MARK: - Who reads what it says

    @Test func aReaderOfTheLogThatGoesAwayAndComesBackIsToldWhatItMissed() throws {
        let path = folder.path("log")
        try #require(mkfifo(path, 0o600) == 0)
        let first = open(path, O_RDONLY | O_NONBLOCK)
        let (output, log) = (Pipe(), try #require(FileHandle(forWritingAtPath: path)))
        let run = try Run(["serve", "--port", "0"], output: output.fileHandleForWriting, errors: log)
        try log.close()
        let client = try Client(port: port(line(output.fileHandleForReading)))
        close(first)
        // Every request has a line, and so has the question how many lines are lost.
        while true {
            #expect(try client.post("/models/nltcs/score", Self.row).status == 200)
            if try !client.get("/metrics").text.contains("\nmade_log_dropped_lines_total 0\n") { break }
        }
        let second = try #require(FileHandle(forReadingAtPath: path))
        #expect(try client.post("/models/nltcs/score", Self.row).status == 200)
        // What the first one left in the pipe comes first.
        var said = line(second)
        while !said.contains("dropped") { said = line(second) }
        #expect(said.contains(#/^[1-9]\d* log lines? (was|were) dropped: nobody read (it|them)$/#), "\(said)")
        #expect(line(second).contains(" info request "), "and then lines as before")
        #expect(run.stop(after: client) == 0)
    }

    @Test func aReaderWhoReadsNeitherStreamStopsNothing() throws {
        // Nobody reads the log, and its pipe is full.
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let full = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        #expect(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let page = [UInt8](repeating: UInt8(ascii: "."), count: 4096)
        while write(ends[1], page, page.count) > 0 {}
        #expect(fcntl(ends[1], F_SETFL, 0) == 0)
        let output = Pipe()
        let run = try Run(["serve", "--port", "0"], output: output.fileHandleForWriting, errors: full)
        let client = try Client(port: port(line(output.fileHandleForReading)))
        try output.fileHandleForReading.close()
        for _ in 0..<100 { #expect(try client.post("/models/nltcs/score", Self.row).status == 200) }
        #expect(run.stop(after: client) == 0)
    }

    /// A reader that is gone, and a full disk.
    @Test func aServiceWhoseAddressNobodyReadsServes() throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        var outputs = [(pipe.fileHandleForWriting, "Broken pipe")]
        let full = folder.path("full")
        if mknod(full, S_IFCHR | 0o666, 0x107) == 0, let disk = FileHandle(forWritingAtPath: full) {
            outputs.append((disk, "No space left on device"))
        }
        for (output, reason) in outputs {
            let log = Pipe()
            let run = try Run(["serve", "--port", "0"], output: output, errors: log.fileHandleForWriting)
            var said = line(log.fileHandleForReading)
            while !said.contains(" warning ") { said = line(log.fileHandleForReading) }
            let expected = "standard output cannot be written: \(reason); listening on http://"
            let start = try #require(said.range(of: expected), "\(said)")
            let client = try Client(port: port(said[start.upperBound...]))
            #expect(try client.get("/readyz").status == 200)
            #expect(run.stop(after: client) == 0)
        }
    }

    @Test func aTrainingWhoseProgressNobodyReadsGoesOn() throws {
        let table = folder.path("t.csv")
        try ("a,b\n" + String(repeating: "0,1\n1,0\n1,1\n", count: 100))
            .write(toFile: table, atomically: true, encoding: .utf8)
        let (output, errors) = (Pipe(), Pipe())
        try errors.fileHandleForReading.close()
        let model = folder.path("m.safetensors")
        let run = try Run(
            ["train", table, "-o", model, "--hidden", "4", "--members", "2", "--epochs", "2"],
            output: output.fileHandleForWriting, errors: errors.fileHandleForWriting)
        run.process.waitUntilExit()
        #expect(run.process.terminationStatus == 0)
        #expect(try Checkpoint.read(model).variables.count == 2)
    }

    // MARK: - The end

    /// A second signal ends the wait, however long it is.
    @Test func aDelayedStopTakesRequestsUntilItsEnd() throws {
        for second in [SIGTERM, SIGINT] {
            let server = try ServingProgram(["--shutdown-delay-seconds", "3600"])
            let client = try server.client()
            #expect(try client.get("/readyz").status == 200)
            server.program.kill(SIGTERM)
            while try client.get("/readyz").status == 200 { sched_yield() }
            for _ in 0..<10 {
                #expect(try client.post("/models/nltcs/score", Self.row).status == 200)
                let answer = try server.client().post("/models/nltcs/score", Self.row)
                #expect(answer.status == 200 && answer["connection"] == nil)
            }
            #expect(try server.client().get("/livez").status == 200)
            client.abandon()
            server.program.kill(second)
            #expect(server.program.finish().status == 0)
        }
    }

    @Test func aDelayEndsByItself() throws {
        let server = try ServingProgram(["--shutdown-delay-seconds", "0.01"])
        server.program.kill(SIGTERM)
        let end = server.program.finish()
        #expect(end.status == 0 && end.errors.contains(" info draining seconds=0.01\n"), "\(end.errors)")
    }

    /// What `--print-config` shows is what serves, from the place that it was shown for.
    @Test func whatPrintConfigShowsServesAlike() throws {
        let flags = ["--port", "0", "--alpha", "0.25", "--sample-rows-max", "3", "--host", "127.0.0.1", "-q"]
        let shown = try Program.run(["serve", Program.bundled("nltcs"), "--print-config"] + flags)
        let file = folder.path("made.yaml")
        try shown.output.write(toFile: file, atomically: true, encoding: .utf8)
        let again = try Program.run(["serve", "--config", file, "--print-config"])
        let values = { (text: String) in
            text.split(separator: "\n").map { $0.split(separator: "#")[0].split(separator: " ") }
        }
        #expect(values(again.output) == values(shown.output))
        let output = Pipe()
        let errors = folder.path("errors")
        try Data().write(to: URL(fileURLWithPath: errors))
        let run = try Run(
            ["serve"], output: output.fileHandleForWriting, errors: try #require(FileHandle(forWritingAtPath: errors)),
            environment: ["MADE_CONFIG": file])
        let client = try Client(port: port(line(output.fileHandleForReading)))
        #expect(try client.post("/score", Self.row).text.contains("\"alpha\":0.25"))
        let refused = try client.get("/sample?n=4")
        #expect(refused.status == 422 && refused.text.contains("1 to 3"), "\(refused.text)")
        #expect(run.stop(after: client) == 0)
        #expect(try String(contentsOfFile: errors, encoding: .utf8).isEmpty, "log-level: warning")
    }
}
