/// One cell of a row: a text, a number, true or false, or nothing.
///
/// Literals are cells: `"Ideal"`, `0.51`, `true`, `nil`. What a cell means is for the model to say, which reads cells as the
/// table was read that it was trained on: `"0.51"` is the number 0.51 in a column of numbers.
public enum TableCell: Sendable, Equatable {
    /// A label, a date, or anything else as it stands in a file; an empty one is missing, but in a column with an empty label.
    case text(String)
    /// NaN is missing. Whole numbers beyond ±2^53 that are labels must be texts.
    case number(Double)
    /// A value of a column of 0 and 1.
    case truth(Bool)
    /// No value.
    case missing
}

extension TableCell: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    /// A truth.
    public init(booleanLiteral value: Bool) { self = .truth(value) }
    /// Nothing.
    public init(nilLiteral: ()) { self = .missing }
}

extension TableCell: CustomStringConvertible {
    /// As a file has it; empty where the cell is missing.
    public var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): number.isNaN ? "" : NumberText.text(number)
        case .truth(let truth): truth ? "true" : "false"
        case .missing: ""
        }
    }

    /// The number that it is; nil of anything else.
    public var number: Double? {
        if case .number(let number) = self { number } else { nil }
    }
}

extension TableCell {
    /// A cell as a row of NDJSON has it.
    init(_ cell: SentCell) {
        switch cell {
        case .absent: self = .missing
        case .text(let text): self = .text(text)
        case .json("true"): self = .truth(true)
        case .json("false"): self = .truth(false)
        case .json(let token): self = Double(token).map(TableCell.number) ?? .text(token)
        }
    }

    func write(to json: inout JSONWriter) {
        switch self {
        case .text(let text): json.string(text)
        // JSON has no infinity: as a text it is refused where a number belongs, and not taken for a missing value.
        case .number(let number): number.isInfinite ? json.string("\(number)") : json.number(number)
        case .truth(let truth): json.bool(truth)
        case .missing: json.null()
        }
    }
}
