#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A curve of some values without one of them, for each of these: what `TailCurve.leavingOut` gives, without a copy.
struct LeaveOneOutCurve: Sendable {
    private let curve: TailCurve
    /// What each knot has where the value left out is smaller, and where it is as large or larger, nats.
    private let (natsAbove, natsBelow): ([Double], [Double])
    /// Of each place [2 (knots + 1)]: the slope, and the knot that is none without the value.
    private let slopes: [Double]
    private let dropped: [Int]

    /// Of a curve of `count` values.
    init(_ curve: TailCurve, of count: Int) {
        self.curve = curve
        let smallest = TailCurve.Place(knotCount: 0, isKnot: false)
        let largest = TailCurve.Place(knotCount: curve.values.count, isKnot: false)
        func nats(_ place: TailCurve.Place) -> [Double] {
            curve.ranks(leavingOut: place, of: count).map { log(Double(count) / $0) }
        }
        (natsAbove, natsBelow) = (nats(smallest), nats(largest))
        let places = (0...curve.values.count).flatMap { knotCount in
            [false, true].map { TailCurve.Place(knotCount: knotCount, isKnot: $0) }
        }
        slopes = places.map { curve.leavingOut($0, of: count).slope }
        dropped = places.map { curve.ranks(leavingOut: $0, of: count).firstIndex(of: 0) ?? -1 }
    }

    /// What stands for one of the values.
    func index(of value: Double) -> UInt16 {
        let place = curve.place(of: value)
        return UInt16(2 * place.knotCount + (place.isKnot ? 1 : 0))
    }

    /// −log of the share of the values other than that of `index` that are as large as `value`, nats; 0 where all are.
    func nats(of value: Double, leavingOut index: UInt16) -> Double {
        let index = Int(index)
        let (without, values) = (dropped[index], curve.values)
        if without >= 0, values.count == 1 { return curve.nats(of: value) }
        func nats(_ knot: Int) -> Double { knot < index / 2 ? natsBelow[knot] : natsAbove[knot] }
        let last = values.count - (without == values.count - 1 ? 2 : 1)
        if value > values[last] { return nats(last) + slopes[index] * (value - values[last]) }
        let first = without == 0 ? 1 : 0
        if value <= values[first] { return value < values[first] ? 0 : nats(first) }
        // values[low] < value ≤ values[high]
        var high = values.partitionPoint { $0 < value }
        if high == without { high += 1 }
        let low = high - 1 == without ? high - 2 : high - 1
        let share = (value - values[low]) / (values[high] - values[low])
        return nats(low) + share * (nats(high) - nats(low))
    }
}
