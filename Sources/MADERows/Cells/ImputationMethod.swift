/// What is put in the place of a value that a row lacks.
public enum ImputationMethod: Sendable, Equatable {
    /// The median of a number, the most probable label: each given all that is there.
    case best
    /// So many draws of all the row's missing values together, given all that is there: multiple imputation.
    case draw(count: Int, seed: UInt64)

    /// How many draws a row may have.
    public static let drawCounts = 1...1000
}

extension ImputationMethod {
    /// How many rows become of each.
    package var drawCount: Int {
        switch self {
        case .best: 1
        case .draw(let count, _): count
        }
    }
}
