internal import CRows
internal import MADE

/// Finds out whether a column holds dates or times, how they are written, and what of them comes back.
struct ClockInference {
    /// How the cells are written; see `Clock`.
    let form: String
    /// Day and month were taken for each other, of dates that do not tell.
    private let swapsDays: Bool
    /// Cells that were read as numbers write a date by their digits: 20240301.
    private let areDigits: Bool
    private let facts: UInt32
    /// Numbers among times or digits of dates that are none, as 0 and -1 are, and their rows: they stand for missing values.
    let placeholders: [Double: Int]

    /// Dates that span as much tell months apart.
    private static let yearDays = 365.0

    /// Nil for a column of other values.
    init?(_ shape: ColumnShape, _ values: [Double]) {
        let numbers = shape.facts
        if numbers.date_facts != 0 {
            // Dates of both orders are dates of neither; a few of the other one are none of the column.
            let (monthFirst, dayFirst) = (numbers.month_first_count, numbers.day_first_count)
            guard 10 * min(monthFirst, dayFirst) <= max(monthFirst, dayFirst) else { return nil }
            guard shape.words.isEmpty || shape.isMostlyNumbers else { return nil }
            let pattern = Self.pattern(of: numbers)
            var order = shape.dateOrder
            if order == MADE_USUAL_ORDER {
                let hasPoints = pattern.contains("d.%m") || pattern.contains("d.%-m")
                order = hasPoints ? MADE_DAY_FIRST : MADE_MONTH_FIRST
            }
            swapsDays = (order == MADE_MONTH_FIRST ? dayFirst : monthFirst) > max(monthFirst, dayFirst) / 2
            form = Self.evened(swapsDays ? Self.swapped(pattern, to: order) : pattern)
            (areDigits, facts, placeholders) = (false, numbers.date_facts, [:])
            return
        }
        swapsDays = false
        if let found = Self.form(ofTexts: shape) {
            (form, facts, areDigits, placeholders) = (found.form, found.facts, false, [:])
            return
        }
        guard let found = Self.form(ofNumbers: shape, values) else { return nil }
        (form, placeholders) = found
        areDigits = form.hasPrefix("%")
        facts = UInt32(MADE_DATE_HAS_DAY.rawValue)
    }

    /// Of a column asked to be one; nil where a cell shows the other order of day and month.
    init?(form: String, shape: ColumnShape) {
        let others =
            switch shape.dateOrder {
            case MADE_MONTH_FIRST: shape.facts.day_first_count
            case MADE_DAY_FIRST: shape.facts.month_first_count
            default: 0
            }
        guard others == 0 else { return nil }
        self.form = form
        (swapsDays, areDigits, placeholders) = (false, false, [:])
        facts = form.hasPrefix("%") ? shape.facts.date_facts : UInt32(MADE_DATE_HAS_DAY.rawValue)
    }

    private static func form(ofTexts shape: ColumnShape) -> (form: String, facts: UInt32)? {
        let words = shape.words
        guard !words.isEmpty, shape.facts.number_count == 0, shape.facts.lost_text_count == 0 else { return nil }
        for order in [MADE_USUAL_ORDER, MADE_MONTH_FIRST, MADE_DAY_FIRST] {
            let dates = words.map { DateText.date($0.text, order: order) }
            guard let first = dates[0], !dates.contains(where: { $0 == nil }) else { continue }
            return (evened(first.pattern), dates.reduce(0) { $0 | ($1?.facts ?? 0) })
        }
        return nil
    }

    /// Seconds or milliseconds since 1970 that lie within some decades of today, and no handful of values: codes may have ten
    /// digits. Or the digits of a date. Beside them the numbers that are none.
    private static func form(
        ofNumbers shape: ColumnShape, _ values: [Double]
    ) -> (form: String, placeholders: [Double: Int])? {
        let facts = shape.facts
        guard shape.words.isEmpty, shape.presentRowCount >= 20, facts.minimum < facts.maximum else { return nil }
        // 2000 to 2040.
        let seconds = 946_684_800.0...2_208_988_800
        if facts.number_count > 0 || 2 * shape.numberTextCount > shape.presentRowCount {
            for (form, unit) in [("seconds", 1.0), ("milliseconds", 1000)] {
                let others = numbers(of: shape, values, but: { seconds.contains($0 / unit) })
                if let others { return (form, others) }
            }
        }
        guard facts.is_decimal, facts.decimals == 0, facts.digits_max > 0 else { return nil }
        let others = numbers(of: shape, values) { number in
            let text = NumberText.text(number)
            return text.utf8.count == 8 && DateText.isDate(text)
        }
        return others.map { ("%Y%m%d", $0) }
    }

    /// The numbers of a column that are none of those that `areTimes` says, and their rows; nil where they are more than three,
    /// or more than a tenth of its rows have one.
    private static func numbers(
        of shape: ColumnShape, _ values: [Double], but areTimes: (Double) -> Bool
    ) -> [Double: Int]? {
        var others: [Double: Int] = [:]
        var (rowCount, otherCount) = (0, 0)
        let texts = shape.present.lazy.compactMap { text in text.number.map { ($0, text.count) } }
        let lone = values.lazy.filter { !$0.isNaN }.map { ($0, 1) }
        for part in [AnySequence(texts), AnySequence(lone)] {
            for (number, count) in part {
                rowCount += count
                if areTimes(number) { continue }
                others[number, default: 0] += count
                otherCount += count
                if others.count > 3 { return nil }
            }
        }
        return rowCount > otherCount && 10 * otherCount <= rowCount ? others : nil
    }

    private static func pattern(of facts: made_table_column_facts) -> String {
        withUnsafeBytes(of: facts.date_pattern) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// How dates that were read as numbers were written.
    static func form(ofDates facts: made_table_column_facts) -> String { evened(pattern(of: facts)) }

    /// A pattern whose days have no leading zeros where months have none, and the other way round.
    private static func evened(_ pattern: String) -> String {
        guard pattern.contains("%-d") || pattern.contains("%-m") else { return pattern }
        return pattern.replacing("%d", with: "%-d").replacing("%m", with: "%-m")
    }

    /// A pattern with day and month in each other's place, where it has the wrong order.
    private static func swapped(_ pattern: String, to order: made_date_order) -> String {
        let clock = Clock(form: pattern, parts: [])
        guard clock.order == order else { return pattern }
        return String(pattern.map { $0 == "d" ? "m" : $0 == "m" ? "d" : $0 })
    }

    /// Seconds since 1970 of a cell that was read as a number.
    func seconds(_ number: Double) -> Double {
        if placeholders[number] != nil { return .nan }
        switch form {
        case "seconds": return number
        case "milliseconds": return number / 1000
        default:
            if areDigits { return DateText.date(NumberText.text(number), order: MADE_MONTH_FIRST)?.seconds ?? .nan }
            return swapsDays ? made_swap_day_and_month(number) : number
        }
    }

    /// What of the column comes back, and its variables' values; nil where nothing does. `seconds` are NaN where a value is
    /// missing, `base` is a clock of the same table that came before.
    func clock(_ seconds: [Double], base: (name: String, seconds: [Double])?) -> (Clock, [[Double]])? {
        let present = seconds.filter { !$0.isNaN }
        guard let first = present.min(), let last = present.max() else { return nil }
        var clock = Clock(form: form, parts: [], first: first, last: last)
        let hasDay = facts & UInt32(MADE_DATE_HAS_DAY.rawValue) != 0
        if hasDay, let base {
            clock.parts = [.elapsed]
            clock.since = base.name
            return (clock, [zip(seconds, base.seconds).map { $0 - $1 }])
        }
        let days = Set(present.map { ($0 / Clock.daySeconds).rounded(.down) * Clock.daySeconds })
        if hasDay, facts & UInt32(MADE_DATE_IS_MONTH.rawValue) == 0, Self.hasWeeks(days) {
            clock.parts.append(.weekday)
        }
        let isLong = last - first >= Self.yearDays * Clock.daySeconds
        if hasDay, isLong, Self.differ(days, by: .month) { clock.parts.append(.month) }
        if Self.differ(present, by: .time), writesTimes {
            clock.parts.append(.time)
            clock.dayStart = Self.dayStart(present.map { Clock.Part.time.number(at: $0) })
        }
        if clock.parts.isEmpty { return nil }
        let values = clock.parts.map { part in seconds.map { part.number(at: $0, dayStart: clock.dayStart) } }
        return (clock, values)
    }

    /// Whether the form has a time of day, which few cells of another form may have too.
    private var writesTimes: Bool {
        !form.hasPrefix("%") || ["%H", "%-H", "%I", "%-I"].contains { form.contains($0) }
    }

    private static func differ(_ times: some Collection<Double>, by part: Clock.Part) -> Bool {
        let first = times.first.map { part.number(at: $0) }
        return times.contains { part.number(at: $0) != first }
    }

    /// Whether days of the week mean something: not those of dates that all have the same day of the month.
    private static func hasWeeks(_ days: Set<Double>) -> Bool {
        guard differ(days, by: .weekday) else { return false }
        // The day after tells last days of months, which are of one day all the same.
        return [0, Clock.daySeconds].allSatisfy { shift in
            Set(days.map { DateText.text($0 + shift, form: "%d") }).count > 1
        }
    }

    /// The start of the hour, of the emptiest ones, that most empty hours follow; midnight where no hour is emptier than it.
    private static func dayStart(_ times: [Double]) -> Double {
        var counts = [Int](repeating: 0, count: 24)
        for time in times { counts[min(Int(time / 3600), 23)] += 1 }
        guard let least = counts.min(), counts[0] > least else { return 0 }
        let runs = (0..<24).map { start in (0..<24).prefix { counts[(start + $0) % 24] == least }.count }
        let start = runs.indices.max { runs[$0] < runs[$1] || runs[$0] == runs[$1] && $0 > $1 } ?? 0
        return Double((start + runs[start] / 2) % 24) * 3600
    }
}

extension made_table_column_facts {
    /// What is known of numbers that were computed, NaN for missing ones.
    init(of values: [Double]) {
        self.init()
        let present = values.filter { !$0.isNaN }
        minimum = present.min() ?? .infinity
        maximum = present.max() ?? -.infinity
        for places in 0...6 {
            let unit = Double((0..<places).reduce(1) { product, _ in 10 * product })
            let wholes = present.map { ($0 * unit).rounded() }
            // Seconds since 1970 have some seven places in a double.
            guard zip(wholes, present).allSatisfy({ abs($0 / unit - $1) < 1e-6 / 2 }) else { continue }
            decimals = Int32(places)
            is_decimal = wholes.allSatisfy { abs($0) < 0x1p62 }
            divisor = is_decimal ? Int64(wholes.reduce(0) { Self.divisor(abs($0), $1) }) : 0
            return
        }
    }

    private static func divisor(_ one: Double, _ other: Double) -> Double {
        var (one, other) = (one, abs(other))
        while other > 0 { (one, other) = (other, one.truncatingRemainder(dividingBy: other)) }
        return one
    }
}
