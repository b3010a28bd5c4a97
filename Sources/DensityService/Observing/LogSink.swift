internal import Dispatch
internal import Glibc
public import Logging
internal import Microhttpd
internal import Synchronization

/// Where all log lines go: a buffer that is written to standard error every few milliseconds, so that a line costs a
/// request a copy and not a system call.
///
/// Nobody waits for whoever reads the log. What a reader who is behind does not take stays in the buffer, up to a bound;
/// lines beyond it are dropped, as are those that cannot be written, and the next line that can says how many.
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
    private let writer: LogWriter
    private let dropped = Atomic(0)
    private let bufferBytesMax: Int
    private static let flushDelay = DispatchTimeInterval.milliseconds(20)
    /// Until a reader who is behind is looked at again.
    private static let retryDelay = DispatchTimeInterval.milliseconds(100)
    /// What a reader is given to take the last lines.
    private let flushMilliseconds: Int

    /// Writes to an open file descriptor; standard error where none is given.
    public convenience init(descriptor: Int32? = nil) {
        self.init(descriptor: descriptor ?? STDERR_FILENO, bufferBytesMax: 4 << 20)
    }

    /// - Parameter bufferBytesMax: lines that a reader who is behind has not taken, about.
    init(descriptor: Int32, bufferBytesMax: Int, flushMilliseconds: Int = 1000) {
        writer = LogWriter(descriptor: descriptor)
        self.bufferBytesMax = bufferBytesMax
        self.flushMilliseconds = flushMilliseconds
    }

    /// Lines that nobody has read, since the start.
    var droppedLineCount: Int { dropped.load(ordering: .relaxed) + writer.lostLineCount.load(ordering: .relaxed) }

    /// Appends a line, which gets the time as its first field.
    func write(_ line: LogLine) {
        let now = wallNanoseconds()
        let needsFlush = state.withLock { state in
            guard state.buffer.count < bufferBytesMax else {
                state.droppedLineCount += 1
                dropped.add(1, ordering: .relaxed)
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
            appendThreeDigits(now % 1_000_000_000 / 1_000_000, to: &state.buffer)
            state.buffer.append(contentsOf: (line.format == .json ? #"Z","# : "Z ").utf8)
            state.buffer.append(contentsOf: line.bytes)
            state.buffer.append(contentsOf: (line.format == .json ? "}\n" : "\n").utf8)
            defer { state.isFlushScheduled = true }
            return !state.isFlushScheduled
        }
        if needsFlush { queue.asyncAnywhere(after: Self.flushDelay) { self.write() } }
    }

    /// Writes what waits; call it before the program ends. A reader who does not take it is not waited for long.
    public func flush() {
        let isOver = DispatchSemaphore(value: 0)
        queue.asyncAnywhere {
            if self.writeWaiting() == .waits, self.writer.waitForReader(milliseconds: self.flushMilliseconds) {
                _ = self.writeWaiting()
            }
            isOver.signal()
        }
        // Another process that fills the same pipe can hold up the queue in the middle of a write.
        _ = isOver.wait(timeout: .now() + .milliseconds(2 * flushMilliseconds))
    }

    private func write() {
        if writeWaiting() == .waits { queue.asyncAnywhere(after: Self.retryDelay) { self.write() } }
    }

    /// Writes all that the reader takes. On the queue.
    private func writeWaiting() -> LogWriter.Outcome {
        dispatchPrecondition(condition: .onQueue(queue))
        while true {
            guard writer.write() == .done else { return .waits }
            let (bytes, dropped, format) = state.withLock { state in
                let taken = (state.buffer, state.droppedLineCount, state.format)
                state.isFlushScheduled = !taken.0.isEmpty
                state.buffer = []
                state.buffer.reserveCapacity(4096)
                state.droppedLineCount = 0
                return taken
            }
            if bytes.isEmpty { return .done }
            writer.add(bytes, droppedAfter: dropped, format: format)
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
