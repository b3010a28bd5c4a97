internal import Glibc
internal import MADE

/// How a column of numbers is encoded: by the number or by its signed logarithm, whichever makes held-out numbers likelier.
///
/// What is compared is one Gaussian: where it fits best, the mixtures of the conditionals have least to make up for, and a
/// distance from what is expected means the same everywhere in the column.
enum EncodingChoice {
    /// By how many nats a number the logarithm must be better: as of a log-normal column whose middle 90 % span a factor of
    /// eight. With less, where zero lies is often arbitrary, and large numbers are what is unusual.
    static let gainMin = 0.3
    /// And by how many standard errors.
    static let errorCountMin = 2.0
    /// Shares of the numbers other than 0 whose magnitude is below a linear width that is tried.
    static let widthShares = [0.01, 0.1, 0.25, 0.5]
    /// Share of the numbers that are left out at either end, at least one: a few remote ones are no reason to see all others by
    /// their ratios, and an average over their surprisals would have no standard error. A transform leaves them the same.
    static let trimmedShare = 0.01
    /// Numbers that something can be told from.
    static let countMin = 20
    /// Numbers that are looked at, spread evenly over the table: of so many, more would tell nothing new.
    static let countMax = 100_000

    /// Precondition: `numbers` are finite, in the table's order.
    static func transform(for numbers: [Double]) -> NumberTransform {
        let identity = NumberTransform(linearWidth: nil)
        guard numbers.count >= countMin else { return identity }
        let step = (numbers.count - 1) / countMax + 1
        let numbers = trimmed(stride(from: 0, to: numbers.count, by: step).map { numbers[$0] })
        let magnitudes = numbers.map { abs($0) }.filter { $0 > 0 }.sorted()
        guard magnitudes.count >= countMin / 2, let plain = heldOutSurprisals(numbers, identity)
        else { return identity }
        var best = (transform: identity, gain: 0.0)
        for share in widthShares {
            let logarithm = NumberTransform(linearWidth: magnitudes[Int(share * Double(magnitudes.count - 1))])
            guard let surprisals = heldOutSurprisals(numbers, logarithm) else { continue }
            let gains = zip(plain, surprisals).map { $0 - $1 }
            let (gain, deviation) = moments(gains)
            let error = deviation / Double(gains.count).squareRoot()
            if gain >= gainMin, gain >= errorCountMin * error, gain > best.gain { best = (logarithm, gain) }
        }
        return best.transform
    }

    private static func trimmed(_ numbers: [Double]) -> [Double] {
        let sorted = numbers.sorted()
        let count = max(1, Int(trimmedShare * Double(numbers.count)))
        let ends = sorted[count]...sorted[numbers.count - 1 - count]
        return numbers.filter(ends.contains)
    }

    /// −log of the density of each number x, nats, by the mean and the deviation of t among every other number; nil where these
    /// do not differ enough for a density.
    private static func heldOutSurprisals(_ numbers: [Double], _ transform: NumberTransform) -> [Double]? {
        let all = numbers.map(transform.callAsFunction)
        var surprisals: [Double] = []
        for half in 0..<2 {
            let (mean, deviation) = moments(stride(from: 1 - half, to: all.count, by: 2).map { all[$0] })
            guard deviation.isFinite, deviation > 1e-9 * abs(mean) else { return nil }
            for t in stride(from: half, to: all.count, by: 2).map({ all[$0] }) {
                let distance = (t - mean) / deviation
                surprisals.append(distance * distance / 2 + log(deviation) + transform.logVolume(t))
            }
        }
        return surprisals
    }

    private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0) { $0 + $1 / count }
        return (mean, values.reduce(0) { $0 + ($1 - mean) * (($1 - mean) / count) }.squareRoot())
    }
}
