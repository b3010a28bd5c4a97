internal import CRowScanner
public import MADE

/// Known values of some variables, each read as a cell of CSV.
public struct GivenValues {
    /// Why a value cannot be taken; one sentence.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// What is wrong, and what would be right.
        public let description: String
    }

    /// [D], NaN where nothing is given.
    public private(set) var values: [Float]
    private let variables: [Variable]
    private let schema: RowSchema

    /// None of `variables` is given yet. Nil where memory is short.
    public init?(of variables: [Variable]) {
        guard let schema = RowSchema(variables) else { return nil }
        self.schema = schema
        self.variables = variables
        values = [Float](repeating: .nan, count: variables.count)
    }

    /// Takes `name=value`. A name may hold `=` itself: the shortest that is a variable counts.
    ///
    /// - Throws: where there is no such variable, it is given already, or the value is none of its values.
    public mutating func read(_ assignment: String) throws(Failure) {
        let splits = assignment.indices.filter { assignment[$0] == "=" }
        guard !splits.isEmpty else { throw Failure(description: "\(quoted(assignment)): write it as name=value") }
        for split in splits {
            let name = assignment[..<split]
            guard let index = variables.firstIndex(where: { $0.name == name }) else { continue }
            guard values[index].isNaN else { throw Failure(description: "'\(name)' is given twice") }
            values[index] = try value(String(assignment[assignment.index(after: split)...]), of: index)
            return
        }
        let name = String(assignment[..<splits[0]])
        throw Failure(
            description:
                "the model has no variable \(quoted(name))\(suggestion(for: name, among: variables.lazy.map(\.name)))")
    }

    private func value(_ text: String, of index: Int) throws(Failure) -> Float {
        var value = Float.nan
        var error = made_row_error()
        let detail = Array(text.utf8).withUnsafeBytes { bytes -> String? in
            let cell = made_text(bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count: bytes.count)
            // As in quotes: an empty text can then be an empty label.
            if made_row_schema_read_cell(schema.handle, index, cell, true, &value, &error) { return nil }
            return Problem(error, shape: .given, variables: variables).detail
        }
        if let detail { throw Failure(description: detail) }
        guard !value.isNaN else { throw Failure(description: "the value of '\(variables[index].name)' is empty") }
        return value
    }
}

extension BodyScanner.Shape {
    /// Evidence: one row, of which any part may be there.
    static let given = BodyScanner.Shape(
        member: "given", isSingleRow: true, isRequired: false, rowsMax: 1, valuesMax: .max)
}
