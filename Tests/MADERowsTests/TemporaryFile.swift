import Foundation
@testable import MADERows

/// A file that lives as long as the closure runs.
func withTemporaryFile<R>(_ bytes: [UInt8], _ body: (_ path: String) throws -> R) throws -> R {
    let file = FileManager.default.temporaryDirectory.appending(path: "made-\(UUID().uuidString).csv")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
}

/// What is found in a table of this text; a label of one row is one, unless `change` says otherwise.
func infer(_ text: String, _ change: (inout SchemaOptions) -> Void = { _ in }) throws -> InferredTable {
    var options = SchemaOptions()
    options.labelRowsMin = 1
    change(&options)
    return try withTemporaryFile(Array(text.utf8)) { try Table.infer($0, options: options) }
}

/// A table of this text, read by the schema of another.
func read(_ text: String, as found: InferredTable) throws -> Table {
    try withTemporaryFile(Array(text.utf8)) { try Table.read($0, as: found.schema) }
}

/// The rows of this text that can be read, as `made score` reads them by the schema of another.
func streamed(_ text: String, as found: InferredTable, _ options: ReadingOptions = ReadingOptions()) throws
    -> [[String]]
{
    let schema = RowSchema(found.schema.columns.map(\.variable), table: found.schema.table)
    guard let schema else { return [] }
    return try withTemporaryFile(Array(text.utf8)) { path in
        let reader = try TableReader(path: path, schema: schema, options: options)
        var numbers: [Double] = []
        while try reader.read(rowsMax: 7) > 0 { numbers += reader.numbers }
        let width = schema.variables.count
        return stride(from: 0, to: numbers.count, by: width).map { start in
            numbers[start..<start + width].map(\.shown)
        }
    }
}

extension Table {
    /// The values of one row.
    func row(_ index: Int) -> [Double] { values.map { $0[index] } }

    /// The values as text.
    var rows: [[String]] { (0..<rowCount).map { row($0).map(\.shown) } }
}

extension Double {
    /// The value as text, which says of NaN that it is one.
    fileprivate var shown: String { isNaN ? "-" : NumberText.text(self) }
}
