internal import Glibc

/// What is in the place of an output: nothing yet, or a regular file.
struct OutputPlace {
    /// Of the file itself, where the user's path is a link to it.
    let path: String
    /// Of the file; nil where there is none.
    let status: stat?

    /// Looks, and follows a link if `followsLinks`.
    ///
    /// - Throws: `OutputError` where there is anything else.
    init(_ path: String, followsLinks: Bool, remedy: String?) throws(OutputError) {
        guard let last = path.utf8.last, last != UInt8(ascii: "/") else { throw OutputError(path, .noFileName) }
        var file = path
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .system(path) }
            (self.path, self.status) = (path, nil)
            return
        }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard followsLinks else { throw OutputError(path, .link, remedy: remedy) }
            // What a link to nothing, or to itself, is for cannot be known.
            guard let real = realpath(path, nil) else {
                throw OutputError(path, .unwritable("a link to no file: \(String(cString: strerror(errno)))"))
            }
            defer { free(real) }
            file = String(cString: real)
            guard lstat(file, &status) == 0 else { throw .system(path) }
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: (self.path, self.status) = (file, status)
        case S_IFDIR: throw OutputError(path, .special("a folder"))
        case S_IFIFO: throw OutputError(path, .special("a pipe"))
        case S_IFSOCK: throw OutputError(path, .special("a socket"))
        default: throw OutputError(path, .special("a device"))
        }
    }

    /// The folder that the file at `path` is in.
    static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
    }

    /// Whether `input`, with `-` for standard input, is the file, whatever the ways to it.
    func isSame(as input: String) -> Bool {
        var other = stat()
        guard let status, (input == "-" ? fstat(STDIN_FILENO, &other) : stat(input, &other)) == 0 else { return false }
        return (status.st_dev, status.st_ino) == (other.st_dev, other.st_ino)
    }

    /// The file, open for reading; a negative number where that fails.
    func open() -> Int32 {
        // Should a pipe have come there meanwhile, nothing waits for its writer.
        Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    }
}

// MARK: - What keeps a file from being replaced

extension OutputPlace {
    // From <linux/fs.h>, which is not in the Glibc module.
    private static let readAttributes: UInt = 0x8008_6601
    private static let immutable: UInt32 = 0x10
    private static let appendOnly: UInt32 = 0x20

    /// The system's code for why the file could not be replaced in the end, though its folder takes new files; nil where
    /// nothing is known to stand in the way.
    func obstacle() -> Int32? {
        let folder = Glibc.open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if folder >= 0 { close(folder) } }
        // Names can be added to such a folder, and stay for ever.
        if Self.attributes(of: folder) & Self.appendOnly != 0 { return EPERM }
        guard let status else { return nil }
        var around = stat()
        if fstat(folder, &around) == 0, around.st_mode & S_ISVTX != 0, geteuid() != 0,
            geteuid() != status.st_uid, geteuid() != around.st_uid
        {
            return EPERM
        }
        let file = open()
        defer { if file >= 0 { close(file) } }
        if Self.attributes(of: file) & (Self.immutable | Self.appendOnly) != 0 { return EPERM }
        // A file that is mounted by itself, as containers do it.
        if let mount = Self.mount(of: file), let other = Self.mount(of: folder), mount != other { return EBUSY }
        return nil
    }

    /// As `chattr` sets them; 0 where the file system has none.
    private static func attributes(of descriptor: Int32) -> UInt32 {
        var attributes: UInt32 = 0
        return ioctl(descriptor, readAttributes, &attributes) == 0 ? attributes : 0
    }

    /// The number of the mount that an open file is reached through; nil where the system does not tell.
    private static func mount(of descriptor: Int32) -> Substring? {
        let facts = Glibc.open("/proc/self/fdinfo/\(descriptor)", O_RDONLY | O_CLOEXEC)
        guard facts >= 0 else { return nil }
        defer { close(facts) }
        var text = [UInt8](repeating: 0, count: 512)
        let count = text.withUnsafeMutableBytes { read(facts, $0.baseAddress, $0.count) }
        return String(decoding: text.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("mnt_id:") }
    }
}
