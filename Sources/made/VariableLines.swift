import DensityService
import MADE

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

    private var isAllBinary: Bool { allSatisfy(\.isBinary) }
}

extension Variable {
    fileprivate var detail: String {
        switch kind {
        case .binary: return "binary"
        case .categorical(let categories):
            let labels = categories.labels.map { $0.isEmpty ? "\"\"" : $0 }
            let shown = labels.prefix(12).joined(separator: ", ")
            let more = labels.count > 12 ? " … (\(labels.count - 12) more)" : ""
            let other = categories.otherIndex.map { "; unseen labels count as \(labels[$0])" } ?? ""
            return "categorical: \(shown)\(more)\(other)"
        case .real(let encoding):
            var text = "real"
            if let minimum = encoding.minimum, let maximum = encoding.maximum {
                text += ", \(decimalText(minimum)) to \(decimalText(maximum)) in training"
            }
            if let step = encoding.step { text += ", in steps of \(decimalText(step))" }
            return text + ", a mixture of \(encoding.componentCount)"
        }
    }
}
