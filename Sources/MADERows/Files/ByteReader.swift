internal import Glibc

/// Where bytes come from, some at a time.
protocol ByteReader: AnyObject {
    /// Puts the next bytes at the start of `target` and adds how many to `count`; none at the end. Of those before an error
    /// `count` tells as well.
    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError)
}

/// Bytes that are in memory.
final class MemoryReader: ByteReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) {
        let part = bytes[position...].prefix(target.count)
        target.copyBytes(from: part)
        position += part.count
        count += part.count
    }
}

/// The bytes of a file as they are.
final class FileReader: ByteReader {
    let path: String
    /// Of a regular file, from where it stands; nil where that cannot be known, as of a pipe.
    let byteCount: Int?
    private let descriptor: Int32
    private let isOwner: Bool

    /// `-` is standard input, which stays open.
    convenience init(path: String) throws(TextSourceError) {
        guard path != "-" else {
            try self.init(descriptor: STDIN_FILENO, path: path, isOwner: false)
            return
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.error(errno, path: path) }
        try self.init(descriptor: descriptor, path: path, isOwner: true)
    }

    /// An owner closes the descriptor.
    init(descriptor: Int32, path: String, isOwner: Bool) throws(TextSourceError) {
        self.path = path
        self.descriptor = descriptor
        self.isOwner = isOwner
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        let kind = status.st_mode & S_IFMT
        byteCount =
            isKnown && kind == S_IFREG ? max(0, Int(status.st_size) - max(0, lseek(descriptor, 0, SEEK_CUR))) : nil
        // To read one fails, too, but says so late, and opening it does not.
        if isKnown && kind == S_IFDIR { throw TextSourceError(path: path, problem: .directory) }
    }

    deinit {
        if isOwner { close(descriptor) }
    }

    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        var found = 0
        repeat {
            found = Glibc.read(descriptor, target.baseAddress, target.count)
        } while found < 0 && errno == EINTR
        guard found >= 0 else { throw Self.error(errno, path: path) }
        count += found
    }

    /// What the system says, in plain words where it has common ones.
    private static func error(_ code: Int32, path: String) -> TextSourceError {
        let reason =
            switch code {
            case ENOENT: "there is no such file"
            case ENOTDIR: "a part of its path is not a directory"
            case EACCES, EPERM: "permission is denied"
            case EBADF where path == "-": "it is closed"
            default: String(cString: strerror(code))
            }
        return TextSourceError(path: path, problem: .unreadable(reason: reason))
    }
}

/// All bytes of the file at `path`, which is small.
package func contents(ofFile path: String) throws(TextSourceError) -> [UInt8] {
    // A file of this name, and not standard input.
    let reader = try FileReader(path: path == "-" ? "./-" : path)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        var count = 0
        try piece.withUnsafeMutableBytes { piece in
            Result { () throws(TextSourceError) in try reader.read(into: piece, count: &count) }
        }.get()
        if count == 0 { return bytes }
        bytes += piece[..<count]
    }
}
