internal import Dispatch
internal import Glibc
public import Logging
internal import Microhttpd
internal import Synchronization

/// Where all log lines go: a buffer that is written to standard error every few milliseconds, so that a line costs a
/// request a copy and not a system call.
public final class LogSink: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var isFlushScheduled = false
        var droppedLineCount = 0
        /// Of the last line.
        var format = LogFormat.text
        /// Second of the last line and its text.
        var second: UInt64 = 0
        var secondText: [UInt8] = []
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "made.log")
    private let descriptor: Int32
    /// A reader that does not read must not take the memory: more is dropped, and said to be.
    private static let bufferBytesMax = 4 << 20
    private static let flushDelay = DispatchTimeInterval.milliseconds(20)

    /// Writes to an open file descriptor; standard error where none is given.
    public init(descriptor: Int32? = nil) {
        self.descriptor = descriptor ?? STDERR_FILENO
    }

    /// Appends a line, which gets the time as its first field.
    func write(_ line: LogLine) {
        let now = wallNanoseconds()
        let needsFlush = state.withLock { state in
            guard state.buffer.count < Self.bufferBytesMax else {
                state.droppedLineCount += 1
                return false
            }
            state.format = line.format
            let second = now / 1_000_000_000
            if second != state.second || state.secondText.isEmpty {
                state.second = second
                state.secondText = Array(timestamp(seconds: second).utf8)
            }
            if line.format == .json { state.buffer.append(contentsOf: #"{"time":""#.utf8) }
            state.buffer.append(contentsOf: state.secondText)
            state.buffer.append(UInt8(ascii: "."))
            let milliseconds = Int(now % 1_000_000_000 / 1_000_000)
            for digit in [milliseconds / 100, milliseconds / 10 % 10, milliseconds % 10] {
                state.buffer.append(UInt8(ascii: "0") + UInt8(digit))
            }
            state.buffer.append(contentsOf: (line.format == .json ? #"Z","# : "Z ").utf8)
            state.buffer.append(contentsOf: line.bytes)
            state.buffer.append(contentsOf: (line.format == .json ? "}\n" : "\n").utf8)
            defer { state.isFlushScheduled = true }
            return !state.isFlushScheduled
        }
        if needsFlush { queue.asyncAnywhere(after: Self.flushDelay) { self.write() } }
    }

    /// Writes what waits; call it before the program ends.
    public func flush() {
        queue.sync { write() }
    }

    private func write() {
        dispatchPrecondition(condition: .onQueue(queue))
        let (bytes, dropped, format) = state.withLock { state in
            defer {
                state.buffer = []
                state.buffer.reserveCapacity(4096)
                state.isFlushScheduled = false
                state.droppedLineCount = 0
            }
            return (state.buffer, state.droppedLineCount, state.format)
        }
        var rest = bytes[...]
        if dropped > 0 {
            let text = "\(dropped) log lines were dropped: nobody read them"
            rest.append(contentsOf: (format == .json ? "{\"message\":\"\(text)\"}\n" : "\(text)\n").utf8)
        }
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // Where standard error is gone there is nobody to tell.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Writes what a `Logger` says as log lines.
public struct LineLogHandler: LogHandler {
    /// The least level that is written.
    public var logLevel: Logger.Level
    /// Fields of every line.
    public var metadata: Logger.Metadata = [:]
    private let sink: LogSink
    private let format: LogFormat

    /// A handler that writes to `sink`.
    public init(sink: LogSink, level: Logger.Level, format: LogFormat) {
        self.sink = sink
        self.format = format
        logLevel = level
    }

    /// One field of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        var line = LogLine(format, level: event.level, message: "\(event.message)")
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line.field(key, "\(value)") }
        sink.write(line)
    }
}
