import MADE
import MADERows

/// What was found out about a table, as lines for a reader: each thing that was inferred, with what chooses otherwise.
struct SchemaListing {
    let inferred: InferredTable
    /// The rows that were kept are those that fit in the memory.
    var isBoundByMemory = false

    /// Columns of one reason that are named at most.
    private static let namedMax = 12

    /// The rows, then a line a column: name, type, values, and what there is to say.
    var text: String {
        let table = inferred.table
        let columns = inferred.schema.columns
        let nameWidth = min((columns.map(\.name.count).max() ?? 0), 24) + 2
        let columnCount = inferred.schema.table.columns.count { $0.leftOut == nil }
        var lines = ["\(rows), \(columnCount) column\(columnCount == 1 ? "" : "s")"]
        let isPlain = zip(columns, inferred.facts).allSatisfy { column, facts in
            column.kind == .binary && facts.missingCount == 0 && facts.remarks.allSatisfy { $0 == .constant }
        }
        if isPlain {
            lines[0] += ", all binary: \(table.columns.shortened(to: 12))"
            let constants = zip(columns, inferred.facts).filter { $0.1.remarks.contains(.constant) }.map(\.0.name)
            if !constants.isEmpty { lines.append("constant: \(constants.shortened(to: 12))") }
        } else {
            for (column, facts) in zip(columns, inferred.facts) {
                let name = column.name.padded(to: nameWidth)
                lines.append("  \(name)\(Self.type(column.kind).padded(to: 13))\(Self.values(column, facts))")
            }
        }
        lines += inferred.schema.table.leftOutColumns(isSampled: inferred.isSampled).map {
            "left out: " + $0.description(naming: \.argument)
        }
        if !inferred.missingTexts.isEmpty {
            let shown = inferred.missingTexts.shortened(to: Self.namedMax)
            lines.append("missing values are empty cells and \(shown): --schema if they are not")
        }
        lines += inferred.remarks
        if !inferred.schema.table.hasHeader { lines.append("--header if the first line names the columns") }
        return lines.joined(separator: "\n")
    }

    /// How many rows there are, or were sampled.
    private var rows: String {
        guard inferred.isSampled else { return "\(inferred.table.rowCount) rows" }
        let reason = isBoundByMemory ? "as many as fit in half of the memory: --rows-max" : "--rows-max"
        return "sampled \(inferred.table.rowCount) of \(inferred.readRowCount) rows (\(reason))"
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
            let labels = categories.labels + categories.rareLabels
            let named = categories.labels.enumerated().filter { $0.offset != categories.otherIndex }.map(\.element)
            let count = labels.count - (categories.otherIndex == nil ? 0 : 1)
            let shown = (named.isEmpty ? categories.rareLabels : named).map { $0.isEmpty ? "\"\"" : $0 }
            parts.append("\(count) label\(count == 1 ? "" : "s"): \(shown.shortened(to: 8))")
        case .real(let step, _):
            if let range = facts.range { parts.append("\(number(range.lowerBound))…\(number(range.upperBound))") }
            parts.append(step.map { $0 == 1 ? "whole numbers" : "steps of \(number($0))" } ?? "continuous")
        }
        if facts.missingCount > 0 { parts.append("\(facts.missingCount) missing") }
        // Of a date the variables are parts: what is chosen is the column.
        let names = facts.remarks.compactMap { if case .part(_, let of, _) = $0 { of } else { nil } }
        let name = names.first ?? column.name
        return (parts + facts.remarks.map { remark($0, name: name) }).joined(separator: ", ")
    }

    private static func remark(_ remark: ColumnFacts.Remark, name: String) -> String {
        switch remark {
        case .constant: return "constant"
        case .rareLabels(let count, let rowCount, let other):
            return
                "\(count) rare label\(count == 1 ? "" : "s") of \(rowCount) row\(rowCount == 1 ? "" : "s") in the class "
                + "\(other): --rare 1 for none"
        case .manyLabels(let count):
            return "\(count) outputs in every network, which cost time: --drop \(name) saves it"
        case .fewNumbers(let count): return "\(count) values: --categorical \(name) if they are codes"
        case .codes: return "read as codes: --real \(name) if they are numbers"
        case .truths(let no, let yes): return "\(no) is 0, \(yes) is 1: --categorical \(name) if they are not"
        case .textsAmongNumbers(let texts, let rowCount):
            let shown = texts.map { "\"\($0)\"" }.shortened(to: 4)
            return "\(shown) (\(rowCount) row\(rowCount == 1 ? "" : "s")) read as missing: --categorical \(name) if not"
        case .numberForm(let form): return "\(describe(form)): --categorical \(name) if they are no numbers"
        case .part(let part, let column, let form):
            let isNumber = Clock(form: form, parts: [part]).isNumeric
            let dates = isNumber ? "times in \(form) since 1970" : "dates written \(form)"
            let what = part == .elapsed ? "seconds since the first date of the row, by \(dates)" : "of \(dates)"
            return "\(what): \(isNumber ? "--real" : "--categorical") \(column) if they are not"
        case .labelLooksMissing(let text): return "\(text) is a label: --missing \(text) if it is none"
        }
    }

    private static func describe(_ form: Schema.NumberForm) -> String {
        var parts: [String] = []
        if form.hasDecimalComma { parts.append("decimal comma") }
        if !form.groupSeparator.isEmpty { parts.append("digits in groups by \"\(form.groupSeparator)\"") }
        if !form.unit.isEmpty { parts.append("in \(form.unit)") }
        if form.hasParentheses { parts.append("negative in parentheses") }
        return parts.joined(separator: ", ")
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
        guard magnitude < 0.001 || magnitude >= 1e15 else { return "\(value.rounded(places: places))" }
        // Fewer digits, where a float has the number at all.
        return Float(value).isNormal ? "\(Float(value))" : "\(value)"
    }
}
