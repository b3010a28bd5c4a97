internal import CRows
internal import Glibc

/// What the numbers of a column look like: whether they stand on a grid.
struct StepInference {
    /// The values are multiples of this; nil for a continuous column.
    let step: Double?
    /// The unit of the last decimal place; the step where numbers have too many places to tell, which may be nil.
    let resolution: Double?
    /// How many different values, of those looked at.
    let distinctCount: Int

    /// Most values that are looked at.
    private static let sampleCountMax = 1 << 18
    /// Different values from which a common divisor of all is no coincidence.
    private static let divisorValuesMin = 20

    /// Of the numbers of a column, NaN for missing ones; there is at least one.
    ///
    /// Whole numbers have step 1. Decimal fractions have the unit of their last place where values repeat, so that more rows
    /// than different values are seen even beside the commonest value: a place that was rounded to. Of more than a few
    /// different values, a common divisor (25 in a column of multiples of 25) is the step. A constant column has one anyway.
    init(_ facts: made_table_column_facts, values: [Double]) {
        let present = values.filter { !$0.isNaN }
        let sample = stride(from: 0, to: present.count, by: (present.count - 1) / Self.sampleCountMax + 1)
            .map { present[$0] }.sorted()
        let runs = Self.runLengths(sample)
        distinctCount = runs.count
        let commonest = runs.max() ?? 0
        let isRepeated = 2 * (runs.count - 1) <= sample.count - commonest
        let isWhole = facts.is_decimal && facts.decimals == 0
        let units = runs.count >= Self.divisorValuesMin ? max(Double(abs(facts.divisor)), 1) : 1
        // A quotient is the double of its decimal, which a power of 0.1 is not.
        let unit = 1 / pow(10, Double(facts.decimals))
        let isConstant = facts.minimum == facts.maximum
        let place = facts.is_decimal ? units / pow(10, Double(facts.decimals)) : nil
        let isOnGrid = facts.is_decimal && (isWhole || isConstant || isRepeated)
        step = isOnGrid ? place ?? unit : isConstant ? max(abs(sample[0]).ulp, .leastNormalMagnitude) : nil
        resolution = place ?? step
    }

    /// How often each value of an ascending sequence occurs.
    private static func runLengths(_ sorted: [Double]) -> [Int] {
        var lengths: [Int] = []
        var last = Double.nan
        for value in sorted {
            if value == last { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
            last = value
        }
        return lengths
    }
}
