internal import MADE

/// The values that texts of a column of known kind stand for.
struct TextReading {
    /// Why a text stands for none.
    struct Refusal: Error {
        let problem: TableError.Problem
    }

    private let kind: TableSchema.Kind
    private let missing: Set<String>
    private let indices: [String: Int]

    /// `missing` are the texts that stand for a missing value.
    init(_ kind: TableSchema.Kind, missing: Set<String>) {
        self.kind = kind
        self.missing = missing
        indices =
            switch kind {
            case .categorical(let categories):
                [String: Int](uniqueKeysWithValues: zip(categories.labels, categories.labels.indices))
            case .binary, .real: [:]
            }
    }

    /// NaN where it is missing.
    func value(of text: TableScanner.Text) throws(Refusal) -> Float {
        if let index = indices[text.text] { return Float(index) }
        if missing.contains(text.text) { return .nan }
        switch kind {
        case .binary:
            guard let number = text.number, number == 0 || number == 1 else {
                throw Refusal(problem: .cellNotBinary(text: text.text))
            }
            return Float(number)
        case .real:
            guard let number = text.number else { throw Refusal(problem: .cellNotNumber(text: text.text)) }
            return Float(number)
        case .categorical(let categories):
            guard let other = categories.otherIndex else {
                throw Refusal(problem: .labelUnknown(text: text.text, labels: categories.labels))
            }
            return Float(other)
        }
    }
}
