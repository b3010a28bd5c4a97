internal import Glibc
internal import MADE
internal import Synchronization

/// Lines to standard output, written in large pieces.
struct Output: ~Copyable {
    /// Standard output cannot be written: a full disk, or a reader that went away.
    struct Failure: Error, CustomStringConvertible {
        let code: Int32
        var description: String { "standard output cannot be written: \(String(cString: strerror(code)))" }

        /// The reader went away, which is its own affair: the program ends without a word.
        var isOfReader: Bool { code == EPIPE }
    }

    private static let bufferBytes = 1 << 16
    private var buffer: [UInt8] = []

    /// Appends `line` and a newline.
    mutating func write(line: String) throws(Failure) {
        buffer.append(contentsOf: line.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Appends whole lines.
    mutating func write(_ lines: [UInt8]) throws(Failure) {
        if buffer.isEmpty, lines.count >= Self.bufferBytes { return try Self.hand(over: lines) }
        buffer.append(contentsOf: lines)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Hands all lines over; call it before the program ends.
    mutating func flush() throws(Failure) {
        try Self.hand(over: buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private static func hand(over lines: [UInt8]) throws(Failure) {
        let code = lines.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) }
        guard code == 0 else { throw Failure(code: code) }
    }

    /// Writes `text` to standard output at once.
    static func print(_ text: String, terminator: String = "\n") throws(Failure) {
        try hand(over: Array((text + terminator).utf8))
    }

    /// Whether standard error gets errors alone.
    static let isQuiet = Atomic(false)

    /// Writes `line` and a newline to standard output at once.
    static func print(_ line: [UInt8]) throws(Failure) {
        try hand(over: line + [UInt8(ascii: "\n")])
    }

    /// Writes a remark, one line, to standard error, unless it is quiet.
    static func note(_ line: String) {
        if !isQuiet.load(ordering: .relaxed) { error(line) }
    }

    /// Writes one line to standard error; where that fails there is nobody to tell.
    static func error(_ line: String) {
        _ = Array("\(line)\n".utf8).withUnsafeBytes { writeAll($0, to: STDERR_FILENO) }
    }

    /// Writes a piece of progress to standard error, less than a page; where the reader is behind it is left out, as the
    /// work does not wait for whoever watches it.
    static func progress(_ text: String) {
        if isQuiet.load(ordering: .relaxed) { return }
        var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, 0) > 0 else { return }
        _ = Array(text.utf8).withUnsafeBytes { writeAll($0, to: STDERR_FILENO) }
    }
}

// MARK: - The standard streams

extension Output {
    /// Makes the standard streams fit to be written to; call it before anything is opened.
    static func prepare() {
        // A reader that has seen enough, as `head` has, is told from a full disk by the write that fails. The signal's
        // default would end a training whose progress nobody reads any more.
        signal(SIGPIPE, SIG_IGN)
        // So does a file that grows over its limit: the program has to live, to remove it.
        signal(SIGXFSZ, SIG_IGN)
        // The next file to be opened would take the place of a stream that is closed, and notes would be written into it.
        // What is opened here instead is the wrong way round, so that using it fails as before.
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Ends standard output: some file systems tell only now that they have not kept what was written.
    static func close() throws(Failure) {
        guard Glibc.close(STDOUT_FILENO) == 0 else { throw Failure(code: errno) }
    }
}
