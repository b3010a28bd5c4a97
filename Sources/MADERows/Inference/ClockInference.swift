internal import CRows
internal import MADE

/// Finds out whether a column holds dates or times, how they are written, and what of them comes back.
struct ClockInference {
    /// How the cells are written; see `Clock`.
    let form: String
    /// Day and month of the numbers were taken for each other.
    private let swapsDays: Bool
    /// Cells that were read as numbers write a date by their digits: 20240301.
    private let areDigits: Bool
    private let facts: UInt32

    /// Dates that span as much tell months apart.
    private static let yearDays = 365.0

    /// Nil for a column of other values.
    init?(_ shape: ColumnShape, _ values: [Double]) {
        let numbers = shape.facts
        if numbers.date_facts != 0 {
            // Dates of both orders are dates of neither.
            guard numbers.month_first_count == 0 || numbers.day_first_count == 0 else { return nil }
            guard shape.words.isEmpty || shape.isMostlyNumbers else { return nil }
            let other = shape.dateOrder == MADE_MONTH_FIRST ? numbers.day_first_count : numbers.month_first_count
            swapsDays = other > 0
            let pattern = Self.pattern(of: numbers)
            form = Self.evened(swapsDays ? Self.swapped(pattern, to: shape.dateOrder) : pattern)
            (areDigits, facts) = (false, numbers.date_facts)
            return
        }
        swapsDays = false
        if let found = Self.form(ofTexts: shape) {
            (form, facts, areDigits) = (found.form, found.facts, false)
            return
        }
        guard let found = Self.form(ofNumbers: shape, values) else { return nil }
        form = found
        areDigits = found.hasPrefix("%")
        facts = UInt32(MADE_DATE_HAS_DAY.rawValue)
    }

    /// Of a column asked to be one; nil where a cell shows the other order of day and month.
    init?(form: String, shape: ColumnShape) {
        let isMonthFirst = shape.dateOrder == MADE_MONTH_FIRST
        guard (isMonthFirst ? shape.facts.day_first_count : shape.facts.month_first_count) == 0 else { return nil }
        self.form = form
        (swapsDays, areDigits) = (false, false)
        facts = form.hasPrefix("%") ? shape.facts.date_facts : UInt32(MADE_DATE_HAS_DAY.rawValue)
    }

    private static func form(ofTexts shape: ColumnShape) -> (form: String, facts: UInt32)? {
        let words = shape.words
        guard !words.isEmpty, shape.facts.number_count == 0, shape.facts.lost_text_count == 0 else { return nil }
        for order in [MADE_MONTH_FIRST, MADE_DAY_FIRST] {
            let dates = words.map { DateText.date($0.text, order: order) }
            guard let first = dates[0], !dates.contains(where: { $0 == nil }) else { continue }
            return (evened(first.pattern), dates.reduce(0) { $0 | ($1?.facts ?? 0) })
        }
        return nil
    }

    /// Seconds or milliseconds since 1970 that lie within some decades of today, and no handful of values: codes may have ten
    /// digits. Or the digits of a date.
    private static func form(ofNumbers shape: ColumnShape, _ values: [Double]) -> String? {
        let facts = shape.facts
        guard shape.words.isEmpty, shape.presentRowCount >= 20, facts.minimum < facts.maximum else { return nil }
        let isMany = facts.number_count > 0 || 2 * shape.numberTextCount > shape.presentRowCount
        // 2000 to 2040.
        let seconds = 946_684_800.0...2_208_988_800
        let ends = [facts.minimum, facts.maximum]
        if isMany, ends.allSatisfy(seconds.contains) { return "seconds" }
        if isMany, ends.allSatisfy({ seconds.contains($0 / 1000) }) { return "milliseconds" }
        guard facts.digits_min == 8, facts.digits_max == 8, facts.is_decimal, facts.decimals == 0 else { return nil }
        let numbers = shape.present.compactMap(\.number) + values.filter { !$0.isNaN }
        return numbers.allSatisfy { DateText.isDate(NumberText.text($0)) } ? "%Y%m%d" : nil
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
        if Self.differ(present, by: .time) {
            clock.parts.append(.time)
            clock.dayStart = Self.dayStart(present.map { Clock.Part.time.number(at: $0) })
        }
        if clock.parts.isEmpty { return nil }
        let values = clock.parts.map { part in seconds.map { part.number(at: $0, dayStart: clock.dayStart) } }
        return (clock, values)
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
