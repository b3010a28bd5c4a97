import MADE
import MADETraining

/// What was found out about a table, as lines for a reader.
struct SchemaListing {
    let inferred: InferredTable

    /// The rows, then a line a column: name, type, values, and what there is to say.
    var text: String {
        let table = inferred.table
        let columns = inferred.schema.columns
        let nameWidth = min((columns.map(\.name.count).max() ?? 0), 24) + 2
        var lines = ["\(table.rowCount) rows, \(columns.count) column\(columns.count == 1 ? "" : "s")"]
        let allBinary = columns.allSatisfy { $0.kind == .binary } && inferred.facts.allSatisfy { $0.missingCount == 0 }
        if allBinary {
            lines[0] += ", all binary: \(table.columns.shortened(to: 12))"
            let constants = zip(columns, inferred.facts).filter { $0.1.remarks.contains(.constant) }.map(\.0.name)
            if !constants.isEmpty { lines.append("constant: \(constants.shortened(to: 12))") }
        } else {
            for (column, facts) in zip(columns, inferred.facts) {
                let name = column.name.padded(to: nameWidth)
                lines.append("  \(name)\(Self.type(column.kind).padded(to: 13))\(Self.values(column, facts))")
            }
        }
        if !inferred.dropped.isEmpty { lines.append("left out: \(inferred.dropped.shortened(to: 12))") }
        if !inferred.missingTexts.isEmpty {
            lines.append("missing values are empty cells and \(inferred.missingTexts.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }

    private static func type(_ kind: TableSchema.Kind) -> String {
        switch kind {
        case .binary: "binary"
        case .categorical: "categorical"
        case .real: "real"
        }
    }

    private static func values(_ column: TableSchema.Column, _ facts: ColumnFacts) -> String {
        var parts: [String] = []
        switch column.kind {
        case .binary: break
        case .categorical(let categories):
            parts.append("\(categories.labels.count) labels: \(categories.labels.shortened(to: 8))")
        case .real(let step):
            if let range = facts.range { parts.append("\(number(range.lowerBound))…\(number(range.upperBound))") }
            parts.append(step.map { $0 == 1 ? "whole numbers" : "steps of \($0)" } ?? "continuous")
        }
        if facts.missingCount > 0 { parts.append("\(facts.missingCount) missing") }
        return (parts + facts.remarks.map { remark($0, name: column.name) }).joined(separator: ", ")
    }

    private static func remark(_ remark: ColumnFacts.Remark, name: String) -> String {
        switch remark {
        case .constant: "constant"
        case .rareLabels(let count, let rowCount, let other):
            "\(count) rare label\(count == 1 ? "" : "s") of \(rowCount) row\(rowCount == 1 ? "" : "s") as \(other)"
        case .fewNumbers(let count): "\(count) values: --categorical \(name) if they are codes"
        case .imprecise(let loss):
            "kept as 32-bit floats, up to \(number(loss)) off: subtract a constant first if that matters"
        case .labelLooksMissing(let text): "\(text) is a label: --missing \(text) if it is none"
        }
    }

    /// Six digits say enough of a range.
    private static func number(_ value: Double) -> String {
        if value == value.rounded() && abs(value) < 1e15 { return "\(Int(value))" }
        var places = 5
        var magnitude = abs(value)
        while magnitude >= 10 && places > 0 {
            magnitude /= 10
            places -= 1
        }
        return magnitude < 0.001 ? "\(Float(value))" : "\(value.rounded(places: places))"
    }
}
