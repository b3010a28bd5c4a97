/// What people write dates and times as. Nothing is computed from them here: that a text is one is all that is asked.
enum DateText {
    /// Whether all of `text` is a date (2024-03-01, 1/3/2024, 01.03.24, 20240301T…), a date and a time, or a time of day with
    /// seconds or minutes, with or without a zone.
    static func isDate(_ text: String) -> Bool {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" || $0 == "t" })
        switch parts.count {
        case 1: return isDay(parts[0]) || isTime(parts[0])
        case 2: return isDay(parts[0]) && isTime(parts[1]) || isBasic(parts[0], parts[1])
        case 3: return isDay(parts[0]) && isTime(parts[1]) && isSuffix(parts[2])
        default: return false
        }
    }

    private static func isDay(_ text: Substring) -> Bool {
        for separator in ["-", "/", "."] as [Character] {
            let fields = text.split(separator: separator, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let numbers = fields.compactMap { whole($0) }
            guard numbers.count == 3 else { continue }
            let isYearFirst = fields[0].utf8.count == 4
            let isYearLast = fields[2].utf8.count == 4 || fields[2].utf8.count == 2
            guard isYearFirst || isYearLast else { continue }
            let (first, second) = isYearFirst ? (numbers[1], numbers[2]) : (numbers[0], numbers[1])
            return (1...31).contains(first) && (1...31).contains(second) && min(first, second) <= 12
        }
        return false
    }

    /// Whether it is 20240301 and 1015 or 101530, with or without a zone: digits alone may be anything.
    private static func isBasic(_ day: Substring, _ time: Substring) -> Bool {
        let digits = time.prefix { ("0"..."9").contains($0) }
        let zone = time.dropFirst(digits.count)
        guard day.utf8.count == 8, whole(day) != nil, [4, 6].contains(digits.count) else { return false }
        guard zone.isEmpty || zone == "Z" || zone.first == "+" || zone.first == "-" || zone.first == "." else {
            return false
        }
        let (month, date) = (whole(day.dropFirst(4).prefix(2)) ?? 0, whole(day.suffix(2)) ?? 0)
        let (hour, minute) = (whole(digits.prefix(2)) ?? 99, whole(digits.dropFirst(2).prefix(2)) ?? 99)
        return (1...12).contains(month) && (1...31).contains(date) && hour <= 24 && minute < 60
    }

    private static func isTime(_ text: Substring) -> Bool {
        var body = text
        if body.last == "Z" || body.last == "z" { body = body.dropLast() }
        if let zone = body.lastIndex(where: { $0 == "+" || $0 == "-" }), zone > body.startIndex { body = body[..<zone] }
        let fields = body.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count), let hour = whole(fields[0]), let minute = whole(fields[1]) else {
            return false
        }
        let seconds = fields.count == 3 ? fields[2].split(separator: ".", omittingEmptySubsequences: false) : ["0"]
        guard (1...2).contains(seconds.count), let second = whole(seconds[0]), seconds.allSatisfy({ whole($0) != nil })
        else { return false }
        return hour <= 24 && minute < 60 && second <= 60
    }

    private static func isSuffix(_ text: Substring) -> Bool {
        ["AM", "PM", "am", "pm", "UTC", "GMT"].contains(text) || text.first == "+" || text.first == "-"
    }

    /// A number of at most nine digits.
    private static func whole(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
