/// An output that is being written: the file appears whole, with the permissions of the one it replaces, when it is closed, or
/// not at all.
public struct OutputFile: ~Copyable {
    private let target: OutputTarget
    private let before: OutputPlace
    private var file: TemporaryFile

    /// - Throws: `OutputError`.
    init(_ target: OutputTarget) throws(OutputError) {
        let place = try target.place()
        let file = try TemporaryFile(for: target.path, at: place)
        self.target = target
        before = place
        self.file = file
    }

    /// Appends `bytes`.
    ///
    /// - Throws: `OutputError`; then what was there still is.
    public mutating func append(_ bytes: [UInt8]) throws(OutputError) { try file.append(bytes) }

    /// Puts the file into its place.
    ///
    /// - Throws: `OutputError`; then what was there still is, unless it is `unsynchronised`.
    public consuming func close() throws(OutputError) {
        try file.finish(like: before.status)
        // Hours may have passed since the check, and somebody else may have put something there.
        let now = try target.place()
        guard now.path == before.path else { throw OutputError(target.path, .changed) }
        try file.take(now)
    }
}
