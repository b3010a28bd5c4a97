public import Foundation
public import RawHTTP

/// The built program, as a user runs it.
public enum Program {
    /// Beside the test bundle that is running.
    public static let path: String = {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: bundle ?? "").deletingLastPathComponent().path + "/made"
    }()

    /// The folder of Package.swift.
    public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A file of the tests of `MADE`.
    public static func fixture(_ name: String) -> String { "\(root)/Tests/MADETests/Fixtures/\(name)" }
    /// A model of the package.
    public static func bundled(_ name: String) -> String { "\(root)/config/models/\(name).safetensors" }

    /// How a run ended.
    public struct Outcome: Sendable {
        /// 0 success, 1 the work failed, 2 wrong usage; a signal's number where one ended it.
        public let status: Int32
        /// Standard output.
        public let output: String
        /// Standard error.
        public let errors: String
    }

    /// Runs the program to its end.
    public static func run(
        _ arguments: [String], input: String = "", output: FileHandle? = nil, environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = try RunningProgram(arguments, output: output, environment: environment)
        process.send(input)
        return process.finish()
    }
}

/// One run of the program.
public final class RunningProgram: @unchecked Sendable {
    // Sendable: `Process` is only started here; a kill and a wait may come from any thread.
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    private let errorFile: URL

    /// - Parameters:
    ///   - file: standard output instead of the pipe that `finish` reads.
    ///   - environment: variables besides those of the tests.
    public init(_ arguments: [String], output file: FileHandle? = nil, environment: [String: String] = [:]) throws {
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

    /// Its process identifier.
    public var identifier: Int32 { process.processIdentifier }
    /// Whether it has not ended yet.
    public var isRunning: Bool { process.isRunning }

    /// What it has written to standard error so far.
    public var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Writes all of standard input, on a thread of its own so that a full pipe stops nobody, and closes it.
    public func send(_ text: String) {
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

    /// Sends it a signal.
    public func kill(_ signal: Int32) { _ = Glibc.kill(process.processIdentifier, signal) }

    /// The next line of standard output; nil at its end.
    public func readLine() -> String? {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), let byte = byte.first {
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Waits for the end.
    public func finish() -> Program.Outcome {
        let rest = (try? output.fileHandleForReading.readToEnd()) ?? nil
        process.waitUntilExit()
        return Program.Outcome(
            status: process.terminationStatus, output: String(decoding: rest ?? Data(), as: UTF8.self), errors: errors)
    }
}

/// A server process on a free port, for the length of a test.
public final class ServingProgram: Sendable {
    /// Its run.
    public let program: RunningProgram
    /// Where it listens, on 127.0.0.1.
    public let port: UInt16

    /// Starts `made serve` and waits until it listens.
    ///
    /// - Throws: `UnexpectedStart`.
    public init(_ arguments: [String], scheme: String = "http", environment: [String: String] = [:]) throws {
        program = try RunningProgram(["serve", "--port", "0"] + arguments, environment: environment)
        let line = program.readLine() ?? ""
        guard line.hasPrefix("listening on \(scheme)://127.0.0.1:"),
            let port = UInt16(line.split(separator: ":").last ?? "")
        else { throw UnexpectedStart(line: line, errors: program.errors) }
        self.port = port
    }

    deinit { program.kill(SIGKILL) }

    /// A connection of its own.
    public func client() throws -> Client { try Client(port: port) }
}

/// A server whose first line does not say where it listens.
public struct UnexpectedStart: Error {
    /// The line.
    public let line: String
    /// What it wrote to standard error.
    public let errors: String
}
