internal import Glibc

/// The bytes of a file or of standard input, through a buffer of its own.
struct ByteSource: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private let buffer: UnsafeMutableRawPointer
    private var position = 0
    private var end = 0

    private static let bufferBytes = 1 << 18

    /// `-` is standard input, which stays open.
    init(path: String) throws(TableError) {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        buffer = .allocate(byteCount: Self.bufferBytes, alignment: 64)
        guard descriptor >= 0 else {
            throw TableError(path: path, problem: .unreadable(reason: String(cString: strerror(errno))))
        }
    }

    deinit {
        if descriptor > STDIN_FILENO { close(descriptor) }
        buffer.deallocate()
    }

    /// Bytes of the whole file; nil where that cannot be known, as of a pipe.
    var byteCount: Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// What was read of it and not dropped yet.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: buffer + position, count: end - position) }

    mutating func drop(_ count: Int) { position += count }

    /// Reads more where all is dropped; false at the end.
    mutating func refill() throws(TableError) -> Bool {
        var count = 0
        repeat {
            count = read(descriptor, buffer, Self.bufferBytes)
        } while count < 0 && errno == EINTR
        guard count >= 0 else {
            throw TableError(path: path, problem: .unreadable(reason: String(cString: strerror(errno))))
        }
        position = 0
        end = count
        return count > 0
    }
}
