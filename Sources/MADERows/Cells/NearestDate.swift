internal import CRows
internal import MADE

extension Clock {
    /// Days beyond which no other has to be looked at: every weekday comes in every month of a leap year and the next.
    private static let daysMax = 800

    /// The time nearest to `seconds` whose parts have the numbers `values`, one of each of `parts`: a day by its weekday and its
    /// month, a time of day. Parts of elapsed seconds tell nothing of it.
    func nearest(to seconds: Double, values: [Double]) -> Double {
        let day = (seconds / Self.daySeconds).rounded(.down)
        var time = seconds - day * Self.daySeconds
        for (part, value) in zip(parts, values) where part == .time {
            time = (value + dayStart).truncatingRemainder(dividingBy: Self.daySeconds)
        }
        func fits(_ day: Double) -> Bool {
            zip(parts, values).allSatisfy { part, value in
                (part != .weekday && part != .month) || part.number(at: day * Self.daySeconds) == value
            }
        }
        for distance in 0...Self.daysMax {
            for candidate in [day - Double(distance), day + Double(distance)] where fits(candidate) {
                return candidate * Self.daySeconds + time
            }
        }
        return day * Self.daySeconds + time
    }

    /// The same day with day and month exchanged; `seconds` where there is none.
    func exchangingDayAndMonth(_ seconds: Double) -> Double { made_swap_day_and_month(seconds) }

    /// A time as a cell of its column.
    func cell(_ seconds: Double, in format: LineFormat) -> SentCell {
        isNumeric && format == .ndjson ? .json(text(seconds)) : .text(text(seconds))
    }
}
