internal import Glibc

/// What tells a file from the one that was at its path before, or from itself before it was written to.
package struct FileIdentity: Sendable, Equatable {
    /// Device, number, size and the time of the last write, two numbers of it.
    private let content: [Int]
    /// Of the last change to the file or to what the system notes of it, such as its names.
    private let changeTime: [Int]

    /// Whether nobody has written to the file since; it may have lost its name to another one.
    func hasSameContent(as other: FileIdentity?) -> Bool { content == other?.content }

    /// Nil where there is no such file.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Nil where the system does not tell.
    init?(ofOpen descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        content = [
            Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), status.st_size,
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
        ]
        changeTime = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
