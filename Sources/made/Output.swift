internal import Glibc

/// Lines to standard output, written in large pieces.
struct Output: ~Copyable {
    /// Standard output cannot be written: a full disk, or a reader that went away.
    struct Failure: Error, CustomStringConvertible {
        let reason: String
        var description: String { "standard output cannot be written: \(reason)" }
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
        buffer.append(contentsOf: lines)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Hands all lines over; call it before the program ends.
    mutating func flush() throws(Failure) {
        guard Self.write(buffer, to: STDOUT_FILENO) else { throw Failure(reason: String(cString: strerror(errno))) }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes one line to standard error; where that fails there is nobody to tell.
    static func note(_ line: String) {
        _ = write(Array("\(line)\n".utf8), to: STDERR_FILENO)
    }

    /// Writes `text` to standard error over the line the cursor is in.
    static func rewrite(_ text: String) {
        _ = write(Array("\r\(text)".utf8), to: STDERR_FILENO)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// A file that cannot be written.
private struct UnwritableFile: Error, CustomStringConvertible {
    let path: String
    let reason: String
    var description: String { "\(path): cannot be written: \(reason)" }
}

/// Makes `path` a file of this text, whatever it was.
func writeText(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else {
        throw UnwritableFile(path: path, reason: String(cString: strerror(errno)))
    }
    let written = fputs(text, file)
    guard fclose(file) == 0 && written >= 0 else {
        throw UnwritableFile(path: path, reason: String(cString: strerror(errno)))
    }
}
