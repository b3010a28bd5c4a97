internal import Glibc

/// What an output is, and how files of that kind are told from others.
public struct OutputKind: Sendable {
    /// As in "is not a checkpoint".
    let noun: String
    /// What to do about a file that only the user may give up; nil: choose another name, or force it.
    let remedy: String?
    /// Whether an open regular file is of this kind.
    let matches: @Sendable (_ descriptor: Int32) -> Bool

    /// Models, as `Checkpoint.write` leaves them.
    public static let checkpoint = OutputKind(
        noun: "a checkpoint", remedy: nil, matches: { SafetensorsFile.isCheckpoint($0) })

    /// Tables, and logs of what became of them: nothing tells one from what anybody wrote, so none is replaced.
    public static let table = OutputKind(noun: "a new file", remedy: nil, matches: { _ in false })

    private init(noun: String, remedy: String?, matches: @escaping @Sendable (_ descriptor: Int32) -> Bool) {
        self.noun = noun
        self.remedy = remedy
        self.matches = matches
    }

    /// Texts that begin with `prefix`, which no text of another kind has.
    ///
    /// - Parameters:
    ///   - noun: as in "is not a plot".
    ///   - remedy: what the user can do about another file in the place; nil: choose another name, or force it.
    public init(_ noun: String, prefix: String, remedy: String? = nil) {
        self.init(noun: noun, remedy: remedy) { descriptor in
            var start = [UInt8](repeating: 0, count: prefix.utf8.count)
            let count = start.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
            return count == start.count && start.elementsEqual(prefix.utf8)
        }
    }
}
