internal import Glibc

/// The bytes of a file or of standard input, some at a time.
final class InputBytes {
    /// What is wrong with a file of input; one line.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path == "-" ? "standard input" : path): \(reason)" }
    }

    private let path: String
    private let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

    /// `-` is standard input, which stays open.
    init(path: String) throws(Failure) {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
    }

    deinit {
        if descriptor > STDIN_FILENO { close(descriptor) }
        buffer.deallocate()
    }

    /// The next bytes, none at the end; they hold until the next call.
    func next() throws(Failure) -> UnsafeRawBufferPointer {
        var count = 0
        repeat {
            count = read(descriptor, buffer.baseAddress, buffer.count)
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw failure() }
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    private func failure() -> Failure {
        Failure(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
    }
}
