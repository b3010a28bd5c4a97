#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// How rare a value is among calibration values: −log of the share of them that are as large, nats, as a function that never
/// falls. Between knots it is linear; beyond the largest it goes on as an exponential tail does, so that what is far outside
/// ranks above what is just outside.
///
/// The knots are the 1st, 2nd, 3rd, 4th, 6th, 8th, 12th, … largest value, two for each doubling: a curve of a million values
/// has some forty.
public struct TailCurve: Sendable, Equatable {
    /// The knots' values, ascending and different.
    public let values: [Double]
    /// −log of the share of the calibration values that are as large as a knot's, nats, none smaller than the one before.
    public let nats: [Double]
    /// By how many nats it rises for each unit beyond the last knot, 0…1.
    public let slope: Double

    /// Values that the slope is told from, at least.
    private static let tailCountMin = 8

    /// Precondition: as many values as nats, at least one; values strictly ascending, nats not falling, all finite.
    public init(values: [Double], nats: [Double], slope: Double) {
        precondition(!values.isEmpty && values.count == nats.count)
        self.values = values
        self.nats = nats
        self.slope = slope
    }

    /// The curve of `descending` values; `leavingOut`: of all but the one at this place. Precondition: at least one is left,
    /// all finite.
    public init(_ descending: some RandomAccessCollection<Double>, leavingOut: Int? = nil) {
        let all = Array(descending)
        let count = all.count - (leavingOut == nil ? 0 : 1)
        precondition(count > 0)
        // The value of rank 1…count.
        func value(_ rank: Int) -> Double {
            guard let leavingOut, rank > leavingOut else { return all[rank - 1] }
            return all[rank]
        }
        // Of values that are as large as the one of this rank: itself, and those that equal it.
        func lastRank(equalTo rank: Int) -> Int {
            let wanted = value(rank)
            var (low, high) = (rank, count)
            while low < high {
                let middle = (low + high + 1) / 2
                if value(middle) >= wanted { low = middle } else { high = middle - 1 }
            }
            return low
        }
        var values: [Double] = []
        var nats: [Double] = []
        var rank = 1
        while true {
            let last = lastRank(equalTo: rank)
            values.append(value(rank))
            nats.append(log(Double(count + 1) / Double(last)))
            if last >= count { break }
            while rank <= last { rank = min(Self.nextRank(after: rank), count) }
        }
        self.values = values.reversed()
        self.nats = nats.reversed()
        let tailCount = Self.tailCount(of: count)
        slope = Self.slope(tailCount: tailCount, rise: value(1) - value(tailCount))
    }

    /// Values that the slope of a curve of `count` is told from.
    private static func tailCount(of count: Int) -> Int { min(max(tailCountMin, count / 100), count) }

    /// `rise`: what the largest of these values has more than the least.
    private static func slope(tailCount: Int, rise: Double) -> Double {
        // The slope of −log of an exponential tail's share is one over its mean excess; a surprisal is itself a −log, so
        // more than one nat a nat is only the tail of few.
        rise > 0 ? min(log(Double(tailCount)) / rise, 1) : 1
    }

    /// Where one of the values that a curve was made of lies among its knots.
    struct Place: Hashable {
        /// Knots that are as large, or smaller.
        let knotCount: Int
        /// Whether the last of these is the value itself.
        let isKnot: Bool
    }

    /// The place of one of the values that it was made of, which may have been computed once more.
    func place(of value: Double) -> Place {
        let value = value + 1e-6 * max(abs(value), 1)
        let knotCount = values.partitionPoint { $0 <= value }
        return Place(
            knotCount: knotCount,
            isKnot: knotCount > 0 && value - values[knotCount - 1] <= 2e-6 * max(abs(value), 1))
    }

    /// The curve of the others of the `count` values that it was made of, without the one at `place`, exact at this curve's
    /// knots. Itself where there is no other.
    func leavingOut(_ place: Place, of count: Int) -> TailCurve {
        func rank(_ index: Int) -> Double { (Double(count + 1) * exp(-self.nats[index])).rounded() }
        var values: [Double] = []
        var nats: [Double] = []
        for (index, knot) in self.values.enumerated() {
            let own = rank(index) - (index < place.knotCount ? 1 : 0)
            // A knot that is this value and no other's is none of theirs: a new value of the same size lies between two.
            let isThisValue = place.isKnot && index == place.knotCount - 1 && index + 1 < self.values.count
            guard own > (isThisValue ? rank(index + 1) : 0) else { continue }
            values.append(knot)
            nats.append(log(Double(count) / own))
        }
        guard let largest = values.last else { return self }
        let tailCount = Self.tailCount(of: count - 1)
        let others = TailCurve(values: values, nats: nats, slope: 0)
        let least = others.value(ofNats: log(Double(count) / Double(tailCount)))
        let rise = largest - min(max(least, values[0]), largest)
        return TailCurve(values: values, nats: nats, slope: Self.slope(tailCount: tailCount, rise: rise))
    }

    /// 1, 2, 3, 4, 6, 8, 12, 16, 24, …
    private static func nextRank(after rank: Int) -> Int {
        var power = 1
        while 2 * power <= rank { power *= 2 }
        if rank < 2 { return rank + 1 }
        return rank < power + power / 2 ? power + power / 2 : 2 * power
    }

    /// The value from which on the curve is above `wanted` nats; ±∞ where it always or never is.
    func value(ofNats wanted: Double) -> Double {
        guard let above = nats.firstIndex(where: { $0 > wanted }) else {
            let last = nats.count - 1
            return slope > 0 ? values[last] + (wanted - nats[last]) / slope : .infinity
        }
        guard above > 0 else { return -.infinity }
        let share = (wanted - nats[above - 1]) / (nats[above] - nats[above - 1])
        return values[above - 1] + share * (values[above] - values[above - 1])
    }

    /// −log of the share of the calibration values that are as large as `value`, nats; 0 where all are.
    public func nats(of value: Double) -> Double {
        values.withUnsafeBufferPointer { values in
            nats.withUnsafeBufferPointer { nats in
                let last = values.count - 1
                if value > values[last] { return nats[last] + slope * (value - values[last]) }
                if value <= values[0] { return value < values[0] ? 0 : nats[0] }
                // values[low] < value ≤ values[high]
                var (low, high) = (0, last)
                while high - low > 1 {
                    let middle = (low + high) / 2
                    if values[middle] < value { low = middle } else { high = middle }
                }
                let share = (value - values[low]) / (values[high] - values[low])
                return nats[low] + share * (nats[high] - nats[low])
            }
        }
    }
}
