import Foundation
import MADERows

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

extension Table {
    /// The values of one row.
    func row(_ index: Int) -> [Double] { values.map { $0[index] } }

    /// The values as text, which says of NaN that it is one.
    var rows: [[String]] { (0..<rowCount).map { row($0).map { $0.isNaN ? "-" : NumberText.text($0) } } }
}
