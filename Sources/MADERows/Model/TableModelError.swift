public import MADE

/// Why a `TableModel` cannot do what it is asked: what is wrong, where, and what would be right, in one sentence.
public enum TableModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The row at `index`, from 0, cannot be read.
    case row(RowFault)
    /// A file cannot be read as a table of the model.
    case table(TableError)
    /// The file for the result cannot be written.
    case output(OutputError)
    /// The argument of this name is none that the model can work with.
    case argument(name: String, reason: String)
    /// Memory is short.
    case memory

    /// One sentence.
    public var description: String {
        switch self {
        case .row(let fault): fault.description
        case .table(let error): error.description
        case .output(let error): error.description
        case .argument(let name, let reason): "\(name): \(reason)"
        case .memory: "memory is short"
        }
    }
}

/// Why one row cannot be read.
public struct RowFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The row's number among all, from 0.
    public let index: Int
    /// What is wrong, where, and what would be right: `rows[3].cut: "Idael" is not a category of 'cut' (Fair, Good, Ideal); …`.
    public let description: String
}
