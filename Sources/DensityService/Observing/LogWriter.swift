internal import Glibc
internal import Synchronization

/// Writes log lines to a descriptor whose reader may be slow or gone, without waiting for it.
///
/// `@unchecked Sendable`: touched on the log's queue only, but for `lostLineCount`.
final class LogWriter: @unchecked Sendable {
    enum Outcome {
        /// All has been written, or counted as lost.
        case done
        /// The reader takes no more for now.
        case waits
    }

    /// Lines that could not be written.
    let lostLineCount = Atomic(0)
    private let descriptor: Int32
    /// Bytes of one write. A pipe that `poll` calls writable has room for so many, and fewer are written in one piece.
    private let pieceBytes: Int
    private var rest: ArraySlice<UInt8> = []
    /// Lines that came after `rest` and were not kept.
    private var droppedAfter = 0
    /// Lines that came before `rest`, and that the reader has yet to be told of.
    private var missing = 0
    /// What is being written of that, and of how many lines it tells.
    private var note: (bytes: ArraySlice<UInt8>, count: Int) = ([], 0)
    /// The last byte that was written did not end a line.
    private var isMidLine = false
    private var format = LogFormat.text

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        pieceBytes = isFile ? .max : Int(PIPE_BUF)
    }

    /// Takes whole lines to write, once all that it had is written or lost.
    func add(_ lines: [UInt8], droppedAfter count: Int, format: LogFormat) {
        rest = lines[...]
        droppedAfter = count
        self.format = format
    }

    /// Writes as much as the reader takes.
    func write() -> Outcome {
        while true {
            if missing > 0, note.count == 0 {
                // The reader may be another one by now, who is not to take the end of a line for a whole.
                note = ((isMidLine ? [UInt8(ascii: "\n")] : []) + Self.note(of: missing, format), missing)
            }
            switch write(&note.bytes) {
            case .waits: return .waits
            case .done where !note.bytes.isEmpty: return lose()
            case .done: missing -= note.count
            }
            note.count = 0
            switch write(&rest) {
            case .waits: return .waits
            case .done where !rest.isEmpty: return lose()
            case .done: missing += droppedAfter
            }
            droppedAfter = 0
            if missing == 0 { return .done }
        }
    }

    /// Writes what the reader takes of `bytes`; `done`, with some of them left, where it fails.
    private func write(_ bytes: inout ArraySlice<UInt8>) -> Outcome {
        while !bytes.isEmpty {
            guard waitForReader(milliseconds: 0) else { return .waits }
            let count = bytes.prefix(pieceBytes).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return .waits }
            guard count > 0 else { return .done }
            isMidLine = bytes[bytes.startIndex + count - 1] != UInt8(ascii: "\n")
            bytes = bytes.dropFirst(count)
        }
        return .done
    }

    /// Nobody reads any more, or the disk is full: there is nobody to tell, until there is.
    private func lose() -> Outcome {
        let count = rest.count { $0 == UInt8(ascii: "\n") }
        lostLineCount.add(count, ordering: .relaxed)
        missing += count + droppedAfter
        rest = []
        droppedAfter = 0
        note = ([], 0)
        return .done
    }

    /// Whether a write would not wait, be it that it would fail; waits for that at most so long.
    func waitForReader(milliseconds: Int) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, Int32(clamping: milliseconds)) != 0
    }

    private static func note(of count: Int, _ format: LogFormat) -> [UInt8] {
        let text =
            count == 1 ? "1 log line was dropped: nobody read it" : "\(count) log lines were dropped: nobody read them"
        return Array((format == .json ? "{\"message\":\"\(text)\"}\n" : "\(text)\n").utf8)
    }
}
