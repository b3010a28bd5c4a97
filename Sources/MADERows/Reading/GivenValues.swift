internal import MADE

/// Known values of some variables, each read as a cell is.
public struct GivenValues {
    /// Why a value cannot be taken; one sentence.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// What is wrong, and what would be right.
        public let description: String
    }

    /// [D] encoded, NaN where nothing is given.
    public private(set) var values: [Float]
    private let schema: RowSchema

    /// None is given yet.
    public init(of schema: RowSchema) {
        self.schema = schema
        values = [Float](repeating: .nan, count: schema.variables.count)
    }

    /// Takes `name=value`. A name may hold `=` itself: the shortest that is a variable counts.
    ///
    /// - Throws: where there is no such variable, it is given already, or the value is none of its values.
    public mutating func read(_ assignment: String) throws(Failure) {
        let utf8 = assignment.utf8
        let splits = utf8.indices.filter { utf8[$0] == UInt8(ascii: "=") }
        guard let first = splits.first else {
            throw Failure(description: "\(quoted(assignment)): write it as name=value")
        }
        for split in splits {
            let name = NumberText.normalised(String(assignment[..<split]))
            guard let index = schema.variables.firstIndex(where: { $0.name == name }) else { continue }
            guard values[index].isNaN else { throw Failure(description: "'\(name)' is given twice") }
            values[index] = try value(String(assignment[utf8.index(after: split)...]), of: index)
            return
        }
        let name = String(assignment[..<first])
        let nearest = suggestion(for: name, among: schema.variables.lazy.map(\.name))
        throw Failure(description: "the model has no variable \(quoted(name))\(nearest)")
    }

    private func value(_ text: String, of index: Int) throws(Failure) -> Float {
        let value: Float
        do {
            // As in quotes: an empty text can then be an empty label.
            (value, _) = try schema.read(
                text, variable: index, options: ReadingOptions(refusesUnseen: true, missingIsUnknown: true),
                row: "given")
        } catch { throw Failure(description: error.detail) }
        guard !value.isNaN else {
            throw Failure(description: "the value of '\(schema.variables[index].name)' is missing")
        }
        return value
    }
}
