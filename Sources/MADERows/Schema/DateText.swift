package import CRows
internal import MADE

/// Dates and times as they are written.
enum DateText {
    /// The date that all of `text` is, its facts and its pattern; nil where it is none.
    static func date(
        _ text: String, order: made_date_order
    ) -> (seconds: Double, facts: UInt32, pattern: String)? {
        var text = text
        var date = made_date()
        let isDate = text.withUTF8 { made_read_date(made_text($0), order, &date) }
        guard isDate else { return nil }
        let pattern = withUnsafeBytes(of: date.pattern) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return (date.seconds, date.facts, pattern)
    }

    /// Whether all of `text` is a date, a time of day or both, whatever the order of day and month.
    static func isDate(_ text: String) -> Bool {
        date(text, order: MADE_MONTH_FIRST) != nil || date(text, order: MADE_DAY_FIRST) != nil
    }

    /// `seconds` since 1970 by a clock's form.
    static func text(_ seconds: Double, form: String) -> String {
        switch form {
        case "seconds": return NumberText.text(seconds)
        case "milliseconds": return NumberText.text((seconds * 1000).rounded())
        default:
            var form = form
            return form.withUTF8 { utf8 in
                let capacity = 8 * utf8.count + 16
                return String(unsafeUninitializedCapacity: capacity) { buffer in
                    buffer.withMemoryRebound(to: CChar.self) {
                        min(made_write_date(seconds, made_text(utf8), $0.baseAddress, capacity), capacity)
                    }
                }
            }
        }
    }
}

extension Clock.Part {
    /// Its number at a time of a clock, as every reader of rows makes it; NaN for NaN.
    func number(at seconds: Double, dayStart: Double = 0) -> Double { made_part_number(handle, seconds, dayStart) }
}

extension Clock {
    /// What its numbers count.
    package var units: made_clock_units {
        switch form {
        case "seconds": MADE_CLOCK_SECONDS
        case "milliseconds": MADE_CLOCK_MILLISECONDS
        default: MADE_CLOCK_TEXTS
        }
    }

    /// Whether day or month stands first in its pattern, where the year is not before them.
    package var order: made_date_order {
        guard let day = form.firstIndex(of: "d"), let month = form.firstIndex(of: "m") else { return MADE_USUAL_ORDER }
        let year = form.firstIndex { $0 == "Y" || $0 == "y" } ?? form.endIndex
        if year < min(day, month) { return MADE_USUAL_ORDER }
        return day < month ? MADE_DAY_FIRST : MADE_MONTH_FIRST
    }

    /// A time as its cells are written.
    package func text(_ seconds: Double) -> String { DateText.text(seconds, form: form) }
}
