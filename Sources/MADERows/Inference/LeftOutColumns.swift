package import MADE

extension Schema {
    /// The columns that are left out, those of one reason together, with the reason and the options that keep them.
    package func reasonsLeftOut(isSampled: Bool) -> [String] {
        LeftOut.allCases.compactMap { reason in
            let names = names(leftOut: reason)
            if names.isEmpty { return nil }
            return names.shortened(to: 12) + Self.explanation(reason, names: names, isSampled: isSampled)
        }
    }

    /// The columns that are left out for `reason`, as they are shown: one without a name as quotes.
    package func names(leftOut reason: LeftOut) -> [String] {
        columns.filter { $0.leftOut == reason }.map { $0.name.isEmpty ? "\"\"" : $0.name }
    }

    private static func explanation(_ reason: LeftOut, names: [String], isSampled: Bool) -> String {
        let list = names.count <= 3 ? names.joined(separator: ",") : names[0]
        let isOne = names.count == 1
        switch reason {
        case .asked: return ""
        case .unnamed: return " (no name; one in the header keeps it)"
        case .empty: return isSampled ? " (no value in any sampled row)" : " (no value in any row)"
        case .identifier:
            return
                " (\(isOne ? "its values name" : "their values name") rows: --categorical \(list) or --real \(list) keeps "
                + "\(isOne ? "it" : "them"))"
        case .date:
            return
                " (dates of which no weekday, month or time of day comes back: --categorical \(list) keeps \(isOne ? "it" : "them"))"
        case .text: return " (texts rather than labels: --categorical \(list) keeps \(isOne ? "it" : "them"))"
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
