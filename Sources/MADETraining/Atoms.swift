/// The numbers of a column that so many rows share that each has a probability of its own: zeros, caps, sentinels, list prices.
///
/// Spread over a density such a number is a spike that any mixture is too smooth for, and its neighbours, which nobody has,
/// seem as likely as it is.
enum Atoms {
    /// Rows that an atom has at least: of fewer no share can be told.
    static let rowsMin = 20
    /// Share of the column's rows that an atom has at least.
    static let shareMin = 0.01
    /// How often an atom is seen at least, where its neighbours are seen once.
    static let prominenceMin = 5.0
    /// Different numbers on either side that are its neighbours.
    static let neighbourCount = 5

    /// The atoms among ascending numbers, ascending.
    ///
    /// A number that many rows share is none where the numbers around it are nearly as frequent: then the column is one of
    /// steps, whose density is smooth.
    static func find(_ sorted: [Double]) -> [Double] {
        let values = DistinctNumbers.counted(sorted)
        let countMin = max(rowsMin, Int((Double(sorted.count) * shareMin).rounded(.up)))
        return values.indices.compactMap { index in
            guard values[index].count >= countMin else { return nil }
            let around = values[max(0, index - neighbourCount)..<min(values.count, index + neighbourCount + 1)]
            let others = around.reduce(0) { $0 + $1.count } - values[index].count
            // Where there are hardly any others, they are too few to be smooth.
            guard around.count > neighbourCount else { return values[index].number }
            let mean = Double(others) / Double(around.count - 1)
            return Double(values[index].count) >= prominenceMin * mean ? values[index].number : nil
        }
    }
}
