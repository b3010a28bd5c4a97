/// A curve of some values without one of them, for each of these.
struct LeaveOneOutCurve: Sendable {
    /// Values that lie between the same knots leave the same behind.
    private let others: [TailCurve]
    /// Which of `others` belongs to each value.
    private let indices: [UInt16]

    /// Of a curve of `count` values, without each of `values`, which are some of these.
    init(_ curve: TailCurve, of count: Int, without values: some Sequence<Double>) {
        var others: [TailCurve] = []
        var known: [TailCurve.Place: UInt16] = [:]
        indices = values.map { value in
            let place = curve.place(of: value)
            if let index = known[place] { return index }
            let index = UInt16(others.count)
            known[place] = index
            others.append(curve.leavingOut(place, of: count))
            return index
        }
        self.others = others
    }

    /// −log of the share of the values other than the one at `index` that are as large as `value`, nats; 0 where all are.
    func nats(of value: Double, without index: Int) -> Double { others[Int(indices[index])].nats(of: value) }
}
