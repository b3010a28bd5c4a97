import MADE
import MADERows

extension [Variable] {
    /// Variables that are told one by one at most.
    private static let detailedMax = 64

    /// How many there are of each type; names of binary ones, where there are no others.
    var summary: String {
        let counts = ["binary", "categorical", "real"].compactMap { type -> String? in
            let count = filter { $0.kind.typeName == type }.count
            return count > 0 ? "\(count) \(type)" : nil
        }
        if isAllBinary { return "\(count) binary: \(map(\.name).shortened(to: 12))" }
        return "\(count): \(counts.joined(separator: ", "))"
    }

    /// A line a variable, with what it may be; none where all are binary.
    var details: [(String, String)] {
        if isAllBinary { return [] }
        let more = count > Self.detailedMax ? [("", "… (\(count - Self.detailedMax) more)")] : []
        let width = Swift.min((prefix(Self.detailedMax).map(\.name.count).max() ?? 0) + 3, 32)
        return prefix(Self.detailedMax).map { ("  \($0.name)".padded(to: width), $0.detail) } + more
    }

    /// The names of the columns that are encoded by their logarithm; nil where there are none.
    var logarithms: String? {
        let names = filter { variable in
            if case .real(let encoding) = variable.kind { encoding.linearWidth != nil } else { false }
        }.map(\.name)
        return names.isEmpty ? nil : names.shortened(to: 12)
    }

    private var isAllBinary: Bool { allSatisfy(\.isBinary) }
}

extension Variable {
    fileprivate var detail: String { valueDetail + (hasMissing ? "; or missing" : "") }

    private var valueDetail: String {
        switch kind {
        case .binary: return "binary"
        case .categorical(let categories):
            let labels = categories.labels.map { $0.isEmpty ? "\"\"" : $0 }
            let shown = labels.prefix(12).joined(separator: ", ")
            let more = labels.count > 12 ? " … (\(labels.count - 12) more)" : ""
            var other = ""
            if let index = categories.otherIndex {
                other = "; unseen labels count as \(labels[index])"
                if unseen != nil { other = "; \(categories.rareLabels.count) rare labels share \(labels[index])" }
            }
            return "categorical: \(shown)\(more)\(other)"
        case .real(let encoding):
            var text = "real"
            if let minimum = encoding.minimum, let maximum = encoding.maximum {
                text += ", \(NumberText.text(minimum)) to \(NumberText.text(maximum)) in training"
            }
            if let width = encoding.linearWidth {
                // A quotient: past the digits of a float it holds only what division leaves over.
                let shown = Double(Float(width).description) ?? width
                text += ", by its logarithm beyond ±\(NumberText.text(shown))"
            }
            if let step = encoding.step { text += ", in steps of \(NumberText.text(step))" }
            if !encoding.atoms.isEmpty {
                let shown = encoding.atoms.map { NumberText.text($0) }.shortened(to: 12)
                text += ", with atoms at \(shown)"
            }
            if !encoding.support.isEmpty { text += ", one of \(encoding.support.count) numbers" }
            return text + ", a mixture of \(encoding.componentCount)"
        }
    }
}

extension Schema {
    /// What there is to say of the table beside its variables: columns left out, texts for missing values, forms of numbers and dates.
    var details: [(String, String)] {
        var lines = leftOutColumns(isSampled: false).map { columns in
            ("left out", "\(columns.shownNames) (\(columns.reason.rawValue))")
        }
        let texts = Set(columns.flatMap(\.missingTexts)).sorted()
        if !texts.isEmpty { lines.append(("missing", "empty cells and \(texts.shortened(to: 12))")) }
        for column in columns where !column.numberForm.isPlain {
            let form = column.numberForm
            let parts = [
                form.hasDecimalComma ? "decimal comma" : nil,
                form.groupSeparator.isEmpty ? nil : "groups by \"\(form.groupSeparator)\"",
                form.unit.isEmpty ? nil : "unit \(form.unit)",
                form.hasParentheses ? "negative in parentheses" : nil,
            ]
            lines.append(("numbers", "\(column.name): \(parts.compactMap { $0 }.joined(separator: ", "))"))
        }
        for column in columns {
            guard let clock = column.clock else { continue }
            let parts = clock.parts.map { $0 == .elapsed ? "seconds since \(clock.since ?? "")" : $0.rawValue }
            lines.append(("dates", "\(column.name): \(clock.form), as \(parts.joined(separator: ", "))"))
        }
        if !hasHeader { lines.append(("header", "none: lines hold the columns in the table's order")) }
        return lines
    }
}
