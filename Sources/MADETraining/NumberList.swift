/// The numbers of a column that takes them from a list: rates, prices, sizes, places.
///
/// As probabilities of their own, as `Atoms` have them, they would say nothing of numbers between them and beyond: a rate with its
/// decimal point in the wrong place would be as likely as one that is new. So the density stays that of a number, and what is
/// drawn from it, or expected, is a number of the list.
enum NumberList {
    /// Rows of a number that tell a list from chance, share of the rows that such numbers make up at least, and how many
    /// there may be.
    private static let rowsMin = 10
    private static let shareMin = 0.95
    private static let counts = 6...1024
    /// Share of the rows whose number no other row has, at most: that is how likely the next row is to have one that is not of
    /// the list (Good 1953).
    private static let uniqueShareMax = 0.005
    /// Share of the column's steps between the least and the largest number of a list that are numbers of the list, at most.
    private static let useMax = 0.25
    /// How often a narrow gap between the numbers of a list, the first decile, goes into a wide one, the ninth, at least.
    private static let unevennessMin = 3.0

    /// Among ascending numbers those that more than one row has, ascending, where they are a list; else none.
    ///
    /// `step` is what the numbers are multiples of, where that is known: a list leaves most multiples out, and its gaps are
    /// uneven, else the step was not the true one.
    static func find(_ sorted: [Double], step: Double?) -> [Double] {
        let values = DistinctNumbers.counted(sorted)
        let frequent = values.filter { $0.count >= rowsMin }
        guard counts.contains(frequent.count),
            Double(values.count { $0.count == 1 }) <= uniqueShareMax * Double(sorted.count),
            Double(frequent.reduce(0) { $0 + $1.count }) >= shareMin * Double(sorted.count)
        else { return [] }
        let gaps = zip(frequent, frequent.dropFirst()).map { $1.number - $0.number }.sorted()
        let range = frequent[frequent.count - 1].number - frequent[0].number
        guard gaps[gaps.count * 9 / 10] >= unevennessMin * gaps[gaps.count / 10],
            step.map({ Double(frequent.count) <= useMax * (range / $0 + 1) }) != false
        else { return [] }
        let numbers = values.filter { $0.count > 1 }.map(\.number)
        return numbers.count <= counts.upperBound ? numbers : frequent.map(\.number)
    }
}

/// The different numbers of a column, and how many rows have each.
enum DistinctNumbers {
    /// Of ascending numbers, ascending.
    static func counted(_ sorted: [Double]) -> [(number: Double, count: Int)] {
        var values: [(number: Double, count: Int)] = []
        for number in sorted {
            if values.last?.number == number {
                values[values.count - 1].count += 1
            } else {
                values.append((number, 1))
            }
        }
        return values
    }
}
