internal import CRowScanner
internal import Glibc

/// What the numbers of a column look like: whether they stand on a grid, and whether floats can hold them.
struct StepInference {
    /// The values are multiples of this; nil for a continuous column.
    let step: Float?
    /// How far floats are off, where that is more than the column can bear.
    let loss: Double?
    /// How many different values, of those looked at.
    let distinctCount: Int

    /// Most values that are looked at.
    private static let sampleCountMax = 1 << 19
    /// Different values from which a common divisor of all is no coincidence.
    private static let divisorValuesMin = 20

    /// Of a column that has at least one number, `column` of `values` [rows × columnCount].
    ///
    /// Whole numbers have step 1. Decimal fractions have the unit of their last place where floats resolve it and values
    /// repeat, so that more rows than different values are seen even beside the commonest value: a place that was
    /// rounded to. Of more than a few different values, a common divisor (25 in a column of multiples of 25) is the step. A constant column has one anyway.
    init(_ numbers: made_table_numbers, values: [Float], column: Int, columnCount: Int) {
        let present =
            stride(from: column, to: values.count, by: columnCount).lazy.map { values[$0] }
            .filter { !$0.isNaN } as [Float]
        let sample = stride(from: 0, to: present.count, by: (present.count - 1) / Self.sampleCountMax + 1)
            .map { present[$0] }.sorted()
        let runs = Self.runLengths(sample)
        distinctCount = runs.count
        let commonest = runs.max() ?? 0
        let isRepeated = 2 * (runs.count - 1) <= sample.count - commonest
        let isWhole = numbers.is_decimal && numbers.decimals == 0
        let units = runs.count >= Self.divisorValuesMin ? max(Double(abs(numbers.divisor)), 1) : 1
        let unit = pow(10, -Double(numbers.decimals))
        let isConstant = numbers.minimum == numbers.maximum
        let isOnGrid = numbers.is_decimal && (isWhole || isConstant || isRepeated)
        let isResolved = numbers.rounding < unit / 2
        step =
            isOnGrid && isResolved
            ? Float(units * unit) : isConstant ? max(abs(sample[0]).ulp, .leastNormalMagnitude) : nil
        let isLost = isWhole ? !isResolved : numbers.rounding > 1e-3 * Self.spread(sample)
        loss = isLost && numbers.rounding > 0 ? numbers.rounding : nil
    }

    /// How often each value of an ascending sequence occurs.
    private static func runLengths(_ sorted: [Float]) -> [Int] {
        var lengths: [Int] = []
        var last = Float.nan
        for value in sorted {
            if value == last { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
            last = value
        }
        return lengths
    }

    /// IQR / 1.349, or the standard deviation where the IQR is 0; infinite for a constant column, which loses nothing.
    private static func spread(_ sorted: [Float]) -> Double {
        let quartiles = [sorted.count / 4, sorted.count * 3 / 4].map { Double(sorted[$0]) }
        if quartiles[1] > quartiles[0] { return (quartiles[1] - quartiles[0]) / 1.349 }
        let mean = sorted.reduce(0) { $0 + Double($1) } / Double(sorted.count)
        let variance = sorted.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(sorted.count)
        return variance > 0 ? variance.squareRoot() : .infinity
    }
}
