internal import MADE

/// The classes of a column of labels.
struct LabelInference {
    let categories: Categories
    /// Whether most rows would be of the class `other`: the labels name rows rather than kinds of rows.
    let isIdentifier: Bool
    let remarks: [ColumnFacts.Remark]

    /// `texts` are the labels with their row counts, at least one. Those of fewer than `labelRowsMin` rows, and those
    /// beyond the `labelsMax` commonest, become one class, and so does whatever is never seen where there is only one.
    init(_ texts: [TableScanner.Text], options: SchemaOptions) {
        let byCount = texts.sorted { ($0.count, $1.text) > ($1.count, $0.text) }
        let common = byCount.prefix(while: { $0.count >= options.labelRowsMin })
        // The class of the others takes a place of its own.
        let kept =
            common.count == texts.count && common.count <= options.labelsMax
            ? common : common.prefix(options.labelsMax - 1)
        let rareCount = texts.count - kept.count
        let rareRowCount = byCount.dropFirst(kept.count).reduce(0) { $0 + $1.count }
        var labels = kept.map(\.text).sorted()
        var otherIndex: Int?
        if rareCount > 0 || labels.count < 2 {
            otherIndex = labels.firstIndex(of: SchemaOptions.otherLabel)
            if otherIndex == nil || labels.count < 2 {
                otherIndex = labels.count
                labels.append(labels.contains(SchemaOptions.otherLabel) ? "(other)" : SchemaOptions.otherLabel)
            }
        }
        isIdentifier = 2 * rareRowCount > texts.reduce(0) { $0 + $1.count }
        // A column that is refused has a class only for form's sake.
        if labels.count < 2 { labels.insert("(none)", at: 0); otherIndex = 1 }
        categories = Categories(labels: labels, otherIndex: otherIndex)
        var remarks: [ColumnFacts.Remark] = []
        if rareCount > 0, let otherIndex {
            remarks.append(.rareLabels(count: rareCount, rowCount: rareRowCount, name: labels[otherIndex]))
        }
        if let text = kept.first(where: { MissingTexts.known.contains($0.text) }) {
            remarks.append(.labelLooksMissing(text.text))
        }
        self.remarks = remarks
    }
}
