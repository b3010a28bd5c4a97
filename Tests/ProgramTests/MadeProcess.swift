import Foundation
import RawHTTP
import Testing

/// The built program, as a user runs it.
enum Program {
    /// Beside the test bundle that is running.
    static let path: String = {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: bundle ?? "").deletingLastPathComponent().path + "/made"
    }()

    /// The folder of Package.swift.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func fixture(_ name: String) -> String { "\(root)/Tests/MADETests/Fixtures/\(name)" }
    static func bundled(_ name: String) -> String { "\(root)/config/models/\(name).safetensors" }

    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String], input: String = "", output: FileHandle? = nil, environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = try RunningProgram(arguments, output: output, environment: environment)
        process.send(input)
        return process.finish()
    }
}

/// One run of the program.
final class RunningProgram: @unchecked Sendable {
    // Sendable: `Process` is only started here; a kill and a wait may come from any thread.
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    private let errorFile: URL

    /// - Parameters:
    ///   - file: standard output instead of the pipe that `finish` reads.
    ///   - environment: variables besides those of the tests.
    init(_ arguments: [String], output file: FileHandle? = nil, environment: [String: String] = [:]) throws {
        errorFile = FileManager.default.temporaryDirectory.appendingPathComponent("made-stderr-\(UUID().uuidString)")
        try Data().write(to: errorFile)
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, mine in mine }
        process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
        process.standardOutput = file ?? output
        process.standardInput = input
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
        // Or nobody would, and `finish` would wait for its end.
        if file != nil { try output.fileHandleForWriting.close() }
    }

    deinit {
        if process.isRunning { kill(SIGKILL) }
        try? FileManager.default.removeItem(at: errorFile)
    }

    var identifier: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// What it has written to standard error so far.
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Writes all of standard input, on a thread of its own so that a full pipe stops nobody, and closes it.
    func send(_ text: String) {
        let handle = input.fileHandleForWriting
        Thread.detachNewThread {
            // A program that refuses its input ends before it has read all of it, and the tests are not to end with it.
            var pipe = sigset_t()
            sigemptyset(&pipe)
            sigaddset(&pipe, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &pipe, nil)
            try? handle.write(contentsOf: Data(text.utf8))
            try? handle.close()
        }
    }

    func kill(_ signal: Int32) { _ = Glibc.kill(process.processIdentifier, signal) }

    /// The next line of standard output; nil at its end.
    func readLine() -> String? {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), let byte = byte.first {
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Waits for the end.
    func finish() -> Program.Outcome {
        let rest = (try? output.fileHandleForReading.readToEnd()) ?? nil
        process.waitUntilExit()
        return Program.Outcome(
            status: process.terminationStatus, output: String(decoding: rest ?? Data(), as: UTF8.self), errors: errors)
    }
}

/// A server process on a free port, for the length of a test.
final class ServingProgram: Sendable {
    let program: RunningProgram
    let port: UInt16

    init(_ arguments: [String], scheme: String = "http", environment: [String: String] = [:]) throws {
        program = try RunningProgram(["serve", "--port", "0"] + arguments, environment: environment)
        let line = try #require(program.readLine(), "no first line; standard error: \(program.errors)")
        #expect(line.hasPrefix("listening on \(scheme)://127.0.0.1:"))
        port = try #require(UInt16(line.split(separator: ":").last ?? ""))
    }

    deinit { program.kill(SIGKILL) }

    func client() throws -> Client { try Client(port: port) }
}

/// The fields of a /score answer that these tests read.
struct ScoreAnswer: Decodable {
    let log_likelihood: [Double]
    let p_value: [Double]?
}

/// The fields of a /sample answer that these tests read.
struct SampleAnswer: Decodable {
    let rows: [[Int]]
    let log_likelihood: [Double]
    let effective_sample_size: Double?
}

extension Client {
    /// log p(x) of rows of 0 and 1.
    func score(_ rows: [[Int]], model: String) throws -> [Double] {
        let body = "{\"rows\":\(rows)}"
        let reply = try post("/models/\(model)/score", body)
        try #require(reply.status == 200, "\(reply.text)")
        return try JSONDecoder().decode(ScoreAnswer.self, from: Data(reply.body)).log_likelihood
    }
}
