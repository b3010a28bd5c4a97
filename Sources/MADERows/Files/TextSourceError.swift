/// What is wrong with a file of text, and where.
public struct TextSourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The ways in which a file can be wrong.
    public enum Problem: Sendable, Equatable {
        /// The file cannot be opened or read; the system's reason.
        case unreadable(reason: String)
        /// The path is that of a directory.
        case directory
        /// Compressed data break off behind so many bytes of the file.
        case endsEarly(TextSource.Compression, afterByteCount: Int)
        /// Compressed data are damaged, which is found at a byte of the file, counted from 0; the reason of the library
        /// that decompresses.
        case corrupt(TextSource.Compression, atByte: Int, reason: String)
        /// To decompress it takes more memory than zstd grants; `command` reads what another program decompresses, where it is known.
        case windowTooLarge(command: String?)
        /// No text, but a format that another program makes text of, for `command` to read; `compression` is around it.
        case foreign(ForeignFormat, within: TextSource.Compression?, command: String?)
        /// Memory is short.
        case outOfMemory
    }

    /// Path of the file, `-` for standard input.
    public let path: String
    /// What is wrong.
    public let problem: Problem

    /// An error in `path`.
    public init(path: String, problem: Problem) {
        self.path = path
        self.problem = problem
    }

    /// One line: where, what is wrong, and what would be right.
    public var description: String { "\(path == "-" ? "standard input" : path): \(reason)" }

    /// What is wrong, and what would be right.
    package var reason: String {
        switch problem {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .directory: "is a directory; a file is expected"
        case .endsEarly(let compression, let count):
            "the \(compression) data end early, after \(count) byte\(count == 1 ? "" : "s")"
        case .corrupt(let compression, let place, let reason):
            "the \(compression) data are corrupt at byte \(place): \(reason)"
        case .windowTooLarge(let command):
            "the zstd data need a window of more than 128 MiB, which zstd grants on request: "
                + "zstd -dc --long=31 \(Shell.file(path, placeholder: "file.zst"))" + TextPipe.end(command)
        case .foreign(let format, let compression, let command):
            "\(compression.map { "holds, compressed with \($0)," } ?? "is") \(format)"
                + (TextPipe(format, path: path, within: compression, command: command)?.advice
                    ?? (format == .gitLFS
                        ? "; git lfs pull puts the file in its place"
                        : ", not a table; export its table as CSV where it was made"))
        case .outOfMemory: "cannot be read: memory is short"
        }
    }
}
