internal import MADE

/// The values that texts of a column of known kind stand for.
struct TextReading {
    /// Why a text stands for none.
    struct Refusal: Error {
        let problem: TableError.Problem
    }

    private let kind: TableSchema.Kind
    private let missing: Set<String>
    private let keepsUnseen: Bool
    private let indices: [String: Int]

    /// `missing` are the texts that stand for a missing value. Where `keepsUnseen`, a number that is none of a binary
    /// column's, or a label that is none of a categorical one's, is +∞, else refused.
    init(_ kind: TableSchema.Kind, missing: Set<String>, keepsUnseen: Bool = false) {
        self.kind = kind
        self.missing = missing
        self.keepsUnseen = keepsUnseen
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
            if let number = text.number, keepsUnseen || number == 0 || number == 1 {
                return number == 0 || number == 1 ? Float(number) : .infinity
            }
            throw Refusal(problem: .cellNotBinary(text: text.text))
        case .real:
            guard let number = text.number else { throw Refusal(problem: .cellNotNumber(text: text.text)) }
            return Float(number)
        case .categorical(let categories):
            if let other = categories.otherIndex { return Float(other) }
            if keepsUnseen { return .infinity }
            throw Refusal(problem: .labelUnknown(text: text.text, labels: categories.labels))
        }
    }
}
