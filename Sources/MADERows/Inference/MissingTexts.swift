/// The texts, besides the empty cell, that stand for a missing value.
///
/// The known ones always do in a column of numbers, where they can mean nothing else. A column of labels may have one as
/// a label, as NA is Namibia's code: there they are missing values only where some column of numbers has shown that the
/// file writes them so, or where somebody said so.
struct MissingTexts {
    /// What pandas reads as missing by default, the names of what no number is, and marks that stand for nothing.
    static let known: Set<String> = [
        "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None",
        "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN", "inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity",
        "?", "-", "--", "---", ".", "..", "*", "na", "n.a.", "N.A.", "none",
    ]

    /// Those that were asked for.
    let requested: Set<String>
    /// Those that mean a missing value in every column of this file.
    private(set) var everywhere: Set<String>

    init(_ requested: [String]) {
        self.requested = Set(requested.map(NumberText.normalised))
        everywhere = self.requested
    }

    /// Those of a column of numbers.
    var amongNumbers: Set<String> { Self.known.union(requested) }

    /// Takes note of the texts of a column of numbers.
    mutating func learn(_ texts: some Sequence<String>) {
        everywhere.formUnion(texts.filter(amongNumbers.contains))
    }
}
