/// How the cells of a column of dates or times are written, and which variables the model has for them.
///
/// What a date is, not when: its weekday, its time of day and its month come back, its place in history does not, and a model
/// of that would find every row of tomorrow unusual. A column has a variable for each of its parts.
public struct Clock: Sendable, Equatable, Codable {
    /// What a variable of the column is.
    public enum Part: String, Sendable, Equatable, Codable, CaseIterable {
        /// Categorical: Monday is the first of seven labels.
        case weekday
        /// Categorical: January is the first of twelve labels.
        case month
        /// Real: seconds since `dayStart`.
        case time
        /// Real: seconds since the clock `since` of the same row.
        case elapsed

        /// The labels of its categorical variable; empty for a real one.
        public var labels: [String] {
            switch self {
            case .weekday: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
            case .month:
                [
                    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                    "November", "December",
                ]
            case .time, .elapsed: []
            }
        }
    }

    /// Of a day.
    public static let daySeconds = 86400.0

    /// How the cells are written: `seconds` or `milliseconds` since 1970 in UTC, or a pattern of the codes of strftime, such as
    /// `%Y-%m-%d %H:%M:%S` (`%-d` is a day without a leading zero, `%3f` three places of a second). Whatever is a date is read,
    /// by the order of day and month that the pattern has.
    public var form: String
    /// Its variables, in their order; at least one, all different.
    public var parts: [Part]
    /// When the day begins for `Part.time`, seconds after midnight: where rows are fewest, so that no night is cut in two.
    public var dayStart: Double
    /// The column, kept and not left out, that `Part.elapsed` counts from.
    public var since: String?
    /// The least time of training, seconds since 1970 by the calendar and the clock as written.
    public var first: Double
    /// The greatest.
    public var last: Double

    /// The clock of a column.
    public init(
        form: String, parts: [Part], dayStart: Double = 0, since: String? = nil, first: Double = 0, last: Double = 0
    ) {
        self.form = form
        self.parts = parts
        self.dayStart = dayStart
        self.since = since
        self.first = first
        self.last = last
    }

    private enum CodingKeys: String, CodingKey {
        case form, parts, since, first, last
        case dayStart = "day_start"
    }

    /// Whether `form` is one.
    public var isForm: Bool { isNumeric || form.contains("%") && form.utf8.count < 96 }

    /// Cells of numbers rather than texts.
    public var isNumeric: Bool { form == "seconds" || form == "milliseconds" }
}

extension Schema {
    /// Of each column that is kept, its variables, one after the other.
    public var variableRanges: [Range<Int>] {
        var start = 0
        return columns.filter { $0.leftOut == nil }.map { column in
            let count = column.clock?.parts.count ?? 1
            defer { start += count }
            return start..<start + count
        }
    }

    /// Names of the variables of kept columns: a column's own, or one for each of its parts.
    public var variableNames: [String] {
        let taken = Set(columns.map(\.name))
        return columns.filter { $0.leftOut == nil }.flatMap { column -> [String] in
            guard let clock = column.clock else { return [column.name] }
            return clock.parts.map { part in
                var name = "\(column.name).\(part.rawValue)"
                while taken.contains(name) { name += "'" }
                return name
            }
        }
    }
}
