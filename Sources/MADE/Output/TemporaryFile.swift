internal import Glibc

/// A file that is written beside an output, to take its place when it is whole. It goes away with this value until then.
struct TemporaryFile: ~Copyable {
    /// The output as the user named it.
    private let output: String
    private let path: String
    private let descriptor: Int32
    private var isPlaced = false

    /// Makes an empty file beside `place`.
    ///
    /// - Throws: `OutputError` about `output`.
    init(for output: String, at place: OutputPlace) throws(OutputError) {
        // The system's random bits: a name that can be guessed could be taken, or watched for. Not made of the output's,
        // which may be as long as names get.
        let name = [UInt64.random(in: 0 ... .max), .random(in: 0 ... .max)].map { String($0, radix: 36) }.joined()
        let path = "\(OutputPlace.folder(of: place.path))/.made-\(name).tmp"
        // What replaces a file that is kept from others is kept from them all along.
        let mode: mode_t = place.status == nil ? 0o666 : 0o600
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .system(output) }
        self.output = output
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
        if !isPlaced { unlink(path) }
    }

    /// Appends `bytes`.
    ///
    /// - Throws: `OutputError`.
    func append(_ bytes: [UInt8]) throws(OutputError) {
        let code = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
        guard code == 0 else { throw .system(output, code) }
    }

    /// Hands the bytes to the disk, and makes the file its owner's and readers' who had the one before.
    ///
    /// - Throws: `OutputError`.
    func finish(like status: stat?) throws(OutputError) {
        if let status {
            // Another's file stays his where the system allows that; root may.
            _ = fchown(descriptor, status.st_uid, status.st_gid)
            guard fchmod(descriptor, status.st_mode & 0o777) == 0 else { throw .system(output) }
        }
        let code = synchronise(descriptor)
        guard code == 0 else { throw .system(output, code) }
    }

    /// Takes the place, with what is there.
    ///
    /// - Throws: `OutputError`; `unsynchronised` where the place is taken all the same.
    mutating func take(_ place: OutputPlace) throws(OutputError) {
        guard rename(path, place.path) == 0 else { throw .system(output) }
        isPlaced = true
        // A folder that may be written to and not be read cannot be synchronised; some file systems have no need to.
        let folder = open(OutputPlace.folder(of: place.path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        let code = synchronise(folder)
        guard code == 0 || code == EINVAL else {
            throw OutputError(output, .unsynchronised(String(cString: strerror(code))))
        }
    }
}

/// Has the disk keep what was written, and returns 0, or the system's code of what kept it from that.
private func synchronise(_ descriptor: Int32) -> Int32 {
    while fsync(descriptor) != 0 {
        if errno != EINTR { return errno }
    }
    return 0
}

/// Writes all `bytes`, however many calls that takes, and returns 0, or the system's code of what kept it from that.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count > 0 {
            rest = rest.dropFirst(count)
        } else if count < 0 && errno == EAGAIN {
            // Whoever shares a standard stream may have made it one that does not wait.
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&waiting, 1, -1)
        } else if count == 0 || errno != EINTR {
            return count == 0 ? EIO : errno
        }
    }
    return 0
}
