internal import Glibc

/// One axis of a chart: a range of values, and the round ones among them that are marked.
struct Axis {
    /// What the values are.
    let title: String
    /// The values at its two ends.
    let range: ClosedRange<Double>
    /// Whether equal distances are equal ratios.
    let isLogarithmic: Bool
    /// The values that are marked.
    let ticks: [Double]

    /// Round values about `count` to the range: multiples of 1, 2 or 5 times a power of ten.
    init(_ title: String, _ range: ClosedRange<Double>, tickCount count: Int = 6) {
        // A range without extent has no scale.
        let range = range.lowerBound < range.upperBound ? range : range.lowerBound - 0.5...range.lowerBound + 0.5
        let rough = (range.upperBound - range.lowerBound) / Double(count)
        let power = pow(10, floor(log10(rough)))
        let step = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
        let first = Int((range.lowerBound / step).rounded(.up))
        let last = Int((range.upperBound / step).rounded(.down))
        self.title = title
        self.range = range
        isLogarithmic = false
        ticks = first <= last ? (first...last).map { Double($0) * step } : []
    }

    /// A logarithmic axis, marked at the powers of ten; the range is above 0.
    init(logarithmic title: String, _ range: ClosedRange<Double>) {
        self.title = title
        self.range = range
        isLogarithmic = true
        let first = Int(log10(range.lowerBound).rounded(.up))
        let last = Int((log10(range.upperBound) + 1e-9).rounded(.down))
        ticks = first <= last ? (first...last).map { pow(10, Double($0)) } : []
    }

    /// Where `value` lies between the axis's ends, 0…1 within them.
    func place(of value: Double) -> Double {
        guard isLogarithmic else { return (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
        return log(max(value, range.lowerBound / 1e3) / range.lowerBound) / log(range.upperBound / range.lowerBound)
    }

    /// A tick's text: no digit more than tells it from its neighbours.
    static func text(_ value: Double) -> String {
        let rounded = (value * 1e6).rounded() / 1e6
        if rounded == rounded.rounded() && abs(rounded) < 1e15 { return "\(Int(rounded))".replacing("-", with: "−") }
        return "\(abs(value) < 1e-4 ? value : rounded)".replacing("-", with: "−")
    }
}
