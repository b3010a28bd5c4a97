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
    /// Of columns: what `RowSchema.read` gives, and which have one.
    private var cells: [(value: Float, number: Double)?]

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
            cells[index] = try cell(String(assignment[utf8.index(after: split)...]), of: index)
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
}
