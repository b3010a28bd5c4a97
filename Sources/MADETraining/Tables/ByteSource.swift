internal import Glibc

/// The bytes of a file or of standard input, one after the other, through a buffer of its own.
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

    /// The next byte, nil at the end.
    @inline(__always)
    mutating func next() throws(TableError) -> UInt8? {
        if position == end {
            guard try refill() else { return nil }
        }
        defer { position += 1 }
        return buffer.load(fromByteOffset: position, as: UInt8.self)
    }

    /// Passes over `bytes` where the source continues with them and its buffer holds them all.
    mutating func skip(_ bytes: [UInt8]) throws(TableError) {
        if position == end {
            guard try refill() else { return }
        }
        guard end - position >= bytes.count else { return }
        let rest = UnsafeRawBufferPointer(start: buffer + position, count: bytes.count)
        if rest.elementsEqual(bytes) { position += bytes.count }
    }

    private mutating func refill() throws(TableError) -> Bool {
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
