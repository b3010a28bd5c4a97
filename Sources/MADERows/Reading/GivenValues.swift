internal import MADE

/// Known values of some columns, each read as a cell is.
public struct GivenValues {
    /// Why a value cannot be taken; one sentence.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// What is wrong, and what would be right.
        public let description: String
    }

    /// [D] encoded, NaN where nothing is given.
    public private(set) var values: [Float]
    private let schema: RowSchema
    /// Of columns: what was given, and what `RowSchema.read` makes of it.
    private var cells: [(text: String, value: Float, number: Double)?]

    /// None is given yet.
    public init(of schema: RowSchema) {
        self.schema = schema
        values = [Float](repeating: .nan, count: schema.variables.count)
        cells = schema.columns.map { _ in nil }
    }

    /// Takes `name=value`. A name may hold `=` itself: the shortest that is a column counts.
    ///
    /// - Throws: where there is no such column, it is given already, or the value is none of its values.
    public mutating func read(_ assignment: String) throws(Failure) {
        let utf8 = assignment.utf8
        let splits = utf8.indices.filter { utf8[$0] == UInt8(ascii: "=") }
        guard let first = splits.first else {
            throw Failure(description: "\(quoted(assignment)): write it as name=value")
        }
        for split in splits {
            let name = NumberText.normalised(String(assignment[..<split]))
            guard let index = schema.columns.firstIndex(where: { $0.name == name }) else { continue }
            guard cells[index] == nil else { throw Failure(description: "'\(name)' is given twice") }
            let text = String(assignment[utf8.index(after: split)...])
            let (value, number) = try cell(text, of: index)
            cells[index] = (text, value, number)
            values = schema.expand(
                cells.map { $0?.value ?? .nan }, numbers: cells.map { $0?.number ?? .nan }, options: Self.options)
            return
        }
        let name = String(assignment[..<first])
        let nearest = suggestion(for: name, among: schema.columns.lazy.map(\.name))
        throw Failure(description: "the model has no column \(quoted(name))\(nearest)")
    }

    private static let options = ReadingOptions(refusesUnseen: true, missingIsUnknown: true)

    private func cell(_ text: String, of index: Int) throws(Failure) -> (value: Float, number: Double) {
        let cell: (value: Float, number: Double)
        do {
            // As in quotes: an empty text can then be an empty label.
            cell = try schema.read(text, column: index, options: Self.options, row: "given")
        } catch { throw Failure(description: error.detail) }
        guard !cell.number.isNaN else {
            throw Failure(description: "the value of '\(schema.columns[index].name)' is missing")
        }
        return cell
    }

    /// The same as rows of `format` have them.
    package func cells(in format: LineFormat) -> GivenCells {
        GivenCells(
            cells: zip(schema.columns, cells).map { column, cell in
                guard let cell else { return nil }
                guard format == .ndjson, column.isNumber(cell.text) else { return .text(cell.text) }
                let isJSON = cell.text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?/) != nil
                return .json(isJSON ? cell.text : NumberText.text(cell.number))
            },
            seconds: zip(schema.columns, cells).map { $0.clock == nil ? .nan : $1?.number ?? .nan })
    }
}

extension ReadColumn {
    /// Whether `text`, one of its values, is a number in JSON.
    fileprivate func isNumber(_ text: String) -> Bool {
        if let clock { return clock.isNumeric && NumberText.number(text) != nil }
        return switch variable.kind {
        case .categorical: false
        case .binary: NumberText.number(text) != nil
        case .real: true
        }
    }
}
