internal import Glibc

/// A file that is going to be written: a new one, or one of its own kind that it replaces.
///
/// What else may be in its place stays as it is. A link, a file that the program reads and a file of another kind are given
/// up only where the user forces it; a device, a pipe, a socket and a folder never are.
public struct OutputTarget: Sendable {
    /// As the user named it.
    public let path: String
    private let kind: OutputKind
    private let inputs: [String]
    private let isForced: Bool

    /// Checks, before the work begins, that the file can be written in the end. The folder is left as it was.
    ///
    /// - Parameters:
    ///   - inputs: files that the program reads, `-` for standard input.
    ///   - force: replaces any regular file. A link stays, and the file that it leads to is replaced.
    /// - Throws: `OutputError`.
    public init(path: String, kind: OutputKind, inputs: [String] = [], force: Bool = false) throws(OutputError) {
        self.path = path
        self.kind = kind
        self.inputs = inputs
        isForced = force
        let place = try place()
        if let code = place.obstacle() { throw .system(path, code) }
        // Nothing but making a file tells of file systems that are read-only, quotas that are used up and the like.
        _ = try TemporaryFile(for: path, at: place)
    }

    /// Writes `pieces`, one behind the other: the file appears whole, with the permissions of the one it replaces, or not at
    /// all.
    ///
    /// - Throws: `OutputError`; then what was there still is, unless it is `unsynchronised`.
    public func write(_ pieces: [UInt8]...) throws(OutputError) {
        var file = try open()
        for piece in pieces { try file.append(piece) }
        try file.close()
    }

    /// Begins the file, to be written piece by piece.
    ///
    /// - Throws: `OutputError`.
    public func open() throws(OutputError) -> OutputFile { try OutputFile(self) }

    /// Removes the file, where there is one that could be replaced.
    public func remove() {
        if let place = try? place(), place.status != nil { unlink(place.path) }
    }

    /// What is there, if it may be replaced.
    func place() throws(OutputError) -> OutputPlace {
        let place = try OutputPlace(path, followsLinks: isForced, remedy: kind.remedy)
        guard place.status != nil, !isForced else { return place }
        if let input = inputs.first(where: { place.isSame(as: $0) }) { throw refusal(.input(input)) }
        let descriptor = place.open()
        guard descriptor >= 0 else { throw refusal(.unreadable(String(cString: strerror(errno)))) }
        defer { close(descriptor) }
        guard kind.matches(descriptor) else { throw refusal(.otherKind(kind.noun)) }
        return place
    }

    private func refusal(_ problem: OutputError.Problem) -> OutputError {
        OutputError(path, problem, remedy: kind.remedy)
    }
}
