public import MADE

/// Columns of a table that a model leaves out for one reason.
public struct LeftOutColumns: Sendable, Equatable, CustomStringConvertible {
    /// In the table's order; one without a name is empty.
    public let names: [String]
    /// Why they are left out.
    public let reason: Schema.LeftOut
    /// Whether that is known of a sample of the rows.
    public let isSampled: Bool

    /// Columns of the same `reason`.
    public init(names: [String], reason: Schema.LeftOut, isSampled: Bool = false) {
        self.names = names
        self.reason = reason
        self.isSampled = isSampled
    }

    /// Their names, why, and what keeps them.
    public var description: String { description(naming: \.rawValue) }

    /// The same, in which `name` says what an option is called.
    package func description(naming name: (OptionName) -> String) -> String {
        shownNames + explanation(name)
    }

    /// The first of the names, one without a name as quotes, and how many there are beyond.
    package var shownNames: String { quotedNames.shortened(to: 12) }

    private var quotedNames: [String] { names.map { $0.isEmpty ? "\"\"" : $0 } }

    private func explanation(_ option: (OptionName) -> String) -> String {
        let names = quotedNames
        let list = names.count <= 3 ? names.joined(separator: ",") : names[0]
        let isOne = names.count == 1
        let labels = "\(option(.categorical)) \(list)"
        let keeps = "keeps \(isOne ? "it" : "them")"
        switch reason {
        case .asked: return ""
        case .unnamed: return " (no name; one in the header keeps it)"
        case .empty: return isSampled ? " (no value in any sampled row)" : " (no value in any row)"
        case .identifier:
            let values = isOne ? "its values name" : "their values name"
            return " (\(values) rows: \(labels) or \(option(.real)) \(list) \(keeps))"
        case .date: return " (dates of which no weekday, month or time of day comes back: \(labels) \(keeps))"
        case .text: return " (texts rather than labels: \(labels) \(keeps))"
        }
    }
}

extension Schema {
    /// The columns that are left out, those of one reason together.
    package func leftOutColumns(isSampled: Bool) -> [LeftOutColumns] {
        LeftOut.allCases.compactMap { reason in
            let names = columns.filter { $0.leftOut == reason }.map(\.name)
            return names.isEmpty ? nil : LeftOutColumns(names: names, reason: reason, isSampled: isSampled)
        }
    }
}

extension [String] {
    /// The first `limit`, and how many there are beyond.
    package func shortened(to limit: Int) -> String {
        count <= limit
            ? joined(separator: " ") : prefix(limit).joined(separator: " ") + " … (\(count - limit) more)"
    }
}
