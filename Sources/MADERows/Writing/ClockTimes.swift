internal import MADE

/// The dates and times that rows of variables stand for.
///
/// A model knows of a date its weekday and its month, and not the day: one that fits is taken out of the training range.
struct ClockTimes: Sendable {
    /// What a column of a row is.
    enum Cell: Equatable, Sendable {
        case text(String, isNumber: Bool)
        case missing
    }

    private struct Column: Sendable {
        var index: Int
        var variables: Range<Int>
        var clock: Clock
        /// The column that elapsed seconds count from.
        var since: Int?
        var days: FittingDays
    }

    /// Those without elapsed seconds come first.
    private let columns: [Column]
    /// Columns of the table that are kept.
    private let columnCount: Int

    /// Nil for a table without clocks.
    init?(_ table: Schema) {
        let kept = table.columns.filter { $0.leftOut == nil }
        let all = zip(kept.indices, zip(kept, table.variableRanges)).compactMap { index, entry -> Column? in
            guard let clock = entry.0.clock else { return nil }
            return Column(
                index: index, variables: entry.1, clock: clock,
                since: clock.since.flatMap { since in kept.firstIndex { $0.name == since } },
                days: FittingDays(first: clock.first, last: clock.last))
        }
        if all.isEmpty { return nil }
        columns = all.filter { $0.since == nil } + all.filter { $0.since != nil }
        columnCount = kept.count
    }

    /// Of each column of a row what it is, nil of one that is no clock; `values` are the numbers of the variables, `known` times
    /// as `seconds` has them, `draw` chooses among days.
    func texts(_ values: [Double], known: [Double] = [], draw: UInt64) -> [Cell?] {
        let seconds = seconds(values, known: known, draw: draw)
        var cells = [Cell?](repeating: nil, count: columnCount)
        for column in columns {
            let time = seconds[column.index]
            cells[column.index] =
                time.isNaN ? .missing : .text(column.clock.text(time), isNumber: column.clock.isNumeric)
        }
        return cells
    }

    /// Of each column of a row that is a clock its time, seconds since 1970, NaN of others and where a part is NaN. Times of
    /// `known`, where it is not empty, stay as they are; a day that others count from is one near what they say.
    func seconds(_ values: [Double], known: [Double] = [], draw: UInt64) -> [Double] {
        var seconds = known.isEmpty ? [Double](repeating: .nan, count: columnCount) : known
        var generator = PhiloxGenerator(seed: draw)
        for column in columns {
            let choice = generator.next()
            guard seconds[column.index].isNaN else { continue }
            let parts = zip(column.clock.parts, values[column.variables])
            let own = Self.seconds(parts, column, base: column.since.map { seconds[$0] }, draw: choice)
            let counted = columns.first { $0.since == column.index && !seconds[$0.index].isNaN }
            let elapsed = counted.map { values[$0.variables.lowerBound] } ?? .nan
            guard let counted, !elapsed.isNaN, !own.isNaN else {
                seconds[column.index] = own
                continue
            }
            seconds[column.index] = column.clock.nearest(
                to: seconds[counted.index] - elapsed, values: Array(values[column.variables]))
        }
        return seconds
    }

    private static func seconds(
        _ parts: some Sequence<(Clock.Part, Double)>, _ column: Column, base: Double?, draw: UInt64
    ) -> Double {
        var weekday: Int?, month: Int?
        var time = 0.0
        for (part, value) in parts {
            if value.isNaN { return .nan }
            switch part {
            case .weekday: weekday = Int(value)
            case .month: month = Int(value)
            case .time: time = (value + column.clock.dayStart).truncatingRemainder(dividingBy: Clock.daySeconds)
            case .elapsed: return (base ?? .nan) + value
            }
        }
        return column.days.day(weekday: weekday, month: month, draw: draw) * Clock.daySeconds + time
    }
}

/// The days of a range by weekday and month.
private struct FittingDays: Sendable {
    /// Longer ranges are cut: a century is enough to choose from.
    private static let countMax = 36525

    /// Days since 1970 by 12 · weekday + month.
    private var days = [[Int32]](repeating: [], count: 84)
    private let first: Int

    init(first: Double, last: Double) {
        self.first = Int((first / Clock.daySeconds).rounded(.down))
        let last = Int((last / Clock.daySeconds).rounded(.down))
        let start = max(self.first, last - Self.countMax + 1)
        for day in start...max(last, start) {
            let seconds = Double(day) * Clock.daySeconds
            let weekday = Clock.Part.weekday.number(at: seconds), month = Clock.Part.month.number(at: seconds)
            days[12 * Int(weekday) + Int(month)].append(Int32(day))
        }
    }

    /// A day of the range that fits; where there is none, one that fits the weekday alone, or the month alone, or any.
    func day(weekday: Int?, month: Int?, draw: UInt64) -> Double {
        chosen(weekday, month, draw) ?? chosen(weekday, nil, draw) ?? chosen(nil, month, draw) ?? chosen(nil, nil, draw)
            ?? Double(first)
    }

    private func chosen(_ weekday: Int?, _ month: Int?, _ draw: UInt64) -> Double? {
        let weekdays = weekday.map { $0...$0 } ?? 0...6
        let months = month.map { $0...$0 } ?? 0...11
        let fitting = weekdays.flatMap { weekday in months.map { month in days[12 * weekday + month] } }
        let count = fitting.reduce(0) { $0 + $1.count }
        if count == 0 { return nil }
        var index = Int(draw.multipliedFullWidth(by: UInt64(count)).high)
        for days in fitting {
            if index < days.count { return Double(days[index]) }
            index -= days.count
        }
        return nil
    }
}
