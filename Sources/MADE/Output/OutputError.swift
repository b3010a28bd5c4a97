internal import Glibc

/// Why an output is not written: one line, with the file, what is wrong and what would be right.
public struct OutputError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        /// The system's reason.
        case unwritable(String)
        /// The file is there, whole, but the system does not say that its name is on the disk, for its reason.
        case unsynchronised(String)
        /// The path is empty, or ends in a slash.
        case noFileName
        /// There is something that is never replaced, such as "a device".
        case special(String)
        /// There is a symbolic link.
        case link
        /// There is a file that the program reads under this path.
        case input(String)
        /// There is a file that is not what the output is, such as "a checkpoint".
        case otherKind(String)
        /// There is a file that cannot be read to see what it is, for the system's reason.
        case unreadable(String)
        /// There is another file than before the work began.
        case changed
    }

    /// The output as the user named it.
    public let path: String
    /// What is wrong with it.
    public let problem: Problem
    /// What to do about a file that only the user may give up; nil: choose another name, or force it.
    let remedy: String?

    /// An error of the output at `path`.
    public init(_ path: String, _ problem: Problem) {
        self.init(path, problem, remedy: nil)
    }

    init(_ path: String, _ problem: Problem, remedy: String?) {
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    /// The system's reason, as the last call has left it.
    static func system(_ path: String, _ code: Int32 = errno) -> OutputError {
        OutputError(path, .unwritable(String(cString: strerror(code))))
    }

    /// One line for the user.
    public var description: String { description(naming: \.rawValue) }

    private func reason(_ remedy: String) -> String {
        switch problem {
        case .unwritable(let reason): "cannot be written: \(reason)"
        case .unsynchronised(let reason):
            "is written, but may be gone after a power failure: its folder cannot be synchronised: \(reason)"
        case .noFileName: path.isEmpty ? "a file's name is needed" : "names a folder; a file's name is needed"
        case .special(let what): "is \(what), which is never replaced; choose another name"
        case .link: "is a symbolic link; \(remedy)"
        case .input(let input):
            switch input {
            case path: "is a file that is read; \(remedy)"
            case "-": "is the file that is read from standard input; \(remedy)"
            default: "is the same file as \(input), which is read; \(remedy)"
            }
        case .otherKind(let noun): "is not \(noun); \(remedy)"
        case .unreadable(let reason): "cannot be read to see what it is: \(reason); \(remedy)"
        case .changed: "leads to another file than before the work began"
        }
    }
}

extension OutputError: NamesOptions {
    package func description(naming name: (OptionName) -> String) -> String {
        let force = name(.force)
        let usual = "choose another name" + (force.isEmpty ? "" : ", or \(force) to replace what is there")
        return "\(path.isEmpty ? "\"\"" : path): \(reason(remedy ?? usual))"
    }
}
