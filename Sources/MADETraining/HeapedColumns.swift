internal import MADE

extension Ordering {
    /// This ordering, its real variables so rearranged among their positions that heaped columns of `table` come first,
    /// those of fewer different values before those of more.
    ///
    /// Numbers that pile up on round values (carats at 1.00, none at 0.99) were chosen by somebody, and what is measured
    /// follows from them. Told from exact measurements afterwards, such steps are a function too sharp to learn. Of few rows
    /// heaps are not told from chance, and the ordering stays.
    func heapedFirst(_ variables: [Variable], _ table: EncodedTable) -> Ordering {
        guard table.rowCount >= TrainingOptions.manyRows else { return self }
        let reals = self.variables.filter { variables[$0].isReal }
        let heaps = reals.filter { variables[$0].isStepped }.compactMap { variable in
            table.heapCount(column: variable).map { (variable: variable, count: $0) }
        }.sorted { ($0.count, $0.variable) < ($1.count, $1.variable) }.map(\.variable)
        var arranged = (heaps + reals.filter { !heaps.contains($0) }).makeIterator()
        let isReal = Set(reals)
        return Ordering(variables: self.variables.map { isReal.contains($0) ? arranged.next() ?? $0 : $0 }) ?? self
    }
}

extension Variable {
    fileprivate var isStepped: Bool {
        if case .real(let encoding) = kind { encoding.step != nil } else { false }
    }
}

extension EncodedTable {
    /// How many different values `column` has where each is seen often; nil where it is not.
    fileprivate func heapCount(column: Int) -> Int? {
        let sorted = self.column(column).filter { abs($0) != Variable.missingValue && !$0.isNaN }.sorted()
        return StepFrequency.isFrequent(sorted) ? StepFrequency.distinctCount(sorted) : nil
    }
}

/// How often the values of a stepped column are seen.
enum StepFrequency {
    /// Whether the values of an ascending sequence are seen so often that the likelihood of each can be learned, not that
    /// of its surroundings alone.
    static func isFrequent<Number: BinaryFloatingPoint>(_ sorted: [Number]) -> Bool {
        sorted.count >= 100 * distinctCount(sorted)
    }

    static func distinctCount<Number: BinaryFloatingPoint>(_ sorted: [Number]) -> Int {
        1 + zip(sorted, sorted.dropFirst()).count { $0 != $1 }
    }
}
