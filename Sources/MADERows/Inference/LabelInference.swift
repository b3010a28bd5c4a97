internal import MADE

/// The classes of a column of labels.
struct LabelInference {
    /// A label and its rows.
    struct Label {
        var text: String
        var rowCount: Int
    }

    let categories: Categories
    let remarks: [ColumnFacts.Remark]

    /// Labels from which a network's outputs are worth a word: each is a column of weights.
    private static let manyLabelsMin = 1000

    /// `labels` are all different, at least one. Those of fewer than `labelRowsMin` rows share a class.
    init(_ labels: [Label], options: SchemaOptions) {
        let rare = labels.filter { $0.rowCount < options.labelRowsMin }
        let counts = [String: Int](uniqueKeysWithValues: labels.map { ($0.text, $0.rowCount) })
        var classes = labels.filter { $0.rowCount >= options.labelRowsMin }.map(\.text).sorted(by: Self.precedes)
        let rareTexts = rare.map(\.text).sorted(by: Self.precedes)
        var remarks: [ColumnFacts.Remark] = []
        var otherIndex: Int?
        if !rare.isEmpty {
            var name = SchemaOptions.otherLabel
            while counts[name] != nil { name = "(\(name))" }
            otherIndex = classes.count
            classes.append(name)
            remarks.append(
                .rareLabels(count: rare.count, rowCount: rare.reduce(0) { $0 + $1.rowCount }, name: name))
        }
        categories = Categories(
            labels: classes, otherIndex: otherIndex,
            rowCounts: classes.map { counts[$0] ?? rare.reduce(0) { $0 + $1.rowCount } }, rareLabels: rareTexts,
            rareRowCounts: rareTexts.map { counts[$0] ?? 0 })
        if let text = (classes + rareTexts).first(where: MissingTexts.known.contains) {
            remarks.append(.labelLooksMissing(text))
        }
        if classes.count >= Self.manyLabelsMin { remarks.append(.manyLabels(count: classes.count)) }
        self.remarks = remarks
    }

    /// Numbers by size, others by their letters.
    private static func precedes(_ first: String, _ second: String) -> Bool {
        if let low = NumberText.number(first), let high = NumberText.number(second), low != high { return low < high }
        return first < second
    }
}
