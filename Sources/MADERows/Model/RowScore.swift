/// How usual a row is.
public struct RowScore: Sendable, Equatable {
    /// The row's number among those that were scored together, from 0.
    public let index: Int
    /// log p(x), nats: exact for a row whose values are all known.
    public let logLikelihood: Double
    /// Its Monte Carlo error, nats: 0 but for rows of which values are not known.
    public let standardError: Double
    /// The statistic that `pValue` ranks by, nats: the larger, the more unusual. What to sort by.
    public let score: Double
    /// The share of normal rows that are as unusual, in 0…1; nil of a model without calibration.
    public let pValue: Double?
    /// Whether `pValue` is at most alpha; nil where no p-value of the model is as small, or it has none.
    public let isAnomaly: Bool?
    /// The group whose calibration rows `pValue` is read from; nil: the rest, or the model has no groups.
    public let group: String?
    /// The columns by which the row would gain most if they were right, largest gain first; empty where none were asked for.
    public let explanation: [ColumnExplanation]
}

/// The scores of a file's rows.
public struct TableScores: Sendable {
    /// Of the rows that could be read, in order; `index` tells which row of the file each is.
    public let rows: [RowScore]
    /// Why the others could not.
    public let faults: [RowFault]
}

/// What a row would gain if one of its columns were right, and what is right.
public struct ColumnExplanation: Sendable, Equatable {
    /// What the other cells of the row let expect in a column.
    public enum Expectation: Sendable, Equatable {
        /// The middle 90 % of the numbers.
        case numbers(ClosedRange<Double>)
        /// The shortest list of values that holds 90 %, likeliest first.
        case values([LikelyValue])
    }

    /// A value with its probability given the other cells.
    public struct LikelyValue: Sendable, Equatable {
        /// `missing`: that there is none.
        public let value: TableCell
        /// In 0…1.
        public let probability: Double
    }

    /// The column's name.
    public let column: String
    /// Of a column of dates the part that is meant: `weekday`, `month`, `time` or `elapsed`; else nil.
    public let part: String?
    /// What the row has there, as the model reads it: of dates the number of the part.
    public let value: TableCell
    /// What the row's log-likelihood would rise by with `expected` in its place, nats; nil, as all of the expectation, in a row
    /// with values that are not known. Of columns that are wrong together what it would rise by with all of them right.
    public let gain: Double?
    /// How rare such a gain is in this column of normal rows; nil of a model that was not calibrated for it, and of columns that
    /// are wrong together.
    public let pValue: Double?
    /// The value that attains the gain.
    public let expected: TableCell?
    /// What else would be usual there; beside what is right in columns that are wrong together.
    public let range: Expectation?
    /// The names of the columns that are wrong together, this one among them; empty where it is wrong by itself.
    public let together: [String]
    /// −log p(x_j | x_<j), nats; over the columns of a row they add up to −log p(x), with several members to a bound of it.
    public let surprisal: Double
    /// Training saw no such value.
    public let isUnseen: Bool
}

/// What becomes of a row that is repaired.
public struct RowRepair: Sendable, Equatable {
    /// One change of a cell.
    public struct Change: Sendable, Equatable {
        /// The column's name.
        public let column: String
        /// The cell as it came.
        public let from: TableCell
        /// What it should be.
        public let to: TableCell
        /// What the row's log-likelihood rises by on top of the changes before it, nats; with all changes where they are of columns
        /// that are wrong together.
        public let gain: Double
        /// How rare such a gain is in this column of normal rows; nil of a model that was not calibrated for it, and of columns
        /// that are wrong together.
        public let pValue: Double?
    }

    /// The row's number among those that were repaired together, from 0.
    public let index: Int
    /// The row's p-value as it came.
    public let pValueBefore: Double
    /// The row's p-value with the changes.
    public let pValueAfter: Double
    /// Whether the changes make it normal; nil of a row that is no anomaly.
    public let isRepaired: Bool?
    /// The changes in the order in which they were found; none of a row that is no anomaly.
    public let changes: [Change]
    /// The row with the changes, where they make it normal; else as it came. Cells by name.
    public let row: TableRow
}

/// What becomes of a file's rows that are repaired.
public struct TableRepairs: Sendable {
    /// Of the rows that could be read, in order; `index` tells which row of the file each is.
    public let rows: [RowRepair]
    /// Why the others could not.
    public let faults: [RowFault]
}
