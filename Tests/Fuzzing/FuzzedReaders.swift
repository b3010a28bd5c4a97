import Foundation

@testable import DensityService
@testable import MADE
@testable import MADERows

/// What files are read by.
enum FuzzedReaders {
    private static let path = FileManager.default.temporaryDirectory.appending(path: "made-fuzz-\(getpid()).input").path

    private static func withFile(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Void) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0 && write(descriptor, bytes.baseAddress, bytes.count) == bytes.count)
        close(descriptor)
        body(path)
        unlink(path)
    }

    /// A table from which a schema can be inferred is read alike by that schema, by the table's reader and by the stream's.
    static func table(_ bytes: UnsafeRawBufferPointer) {
        var options = SchemaOptions()
        options.labelRowsMin = 1
        withFile(bytes) { path in
            guard let found = try? Table.infer(path, options: options) else { return }
            // Lines that are no rows are passed over in training alone; without its empty columns one may be a row to others.
            if found.remarks.contains(where: { $0.contains("passed over") }) { return }
            guard let again = try? Table.read(path, as: found.schema) else {
                preconditionFailure("the table that was inferred cannot be read")
            }
            precondition(
                same(found.table.values, again.values),
                "read otherwise than it was inferred: \(again.values), not \(found.table.values)")
            let variables = found.schema.columns.map(\.variable)
            guard let schema = RowSchema(variables, table: found.schema.table),
                let reader = try? TableReader(path: path, schema: schema, options: ReadingOptions())
            else { preconditionFailure("the table that was inferred cannot be streamed") }
            var rows: [Double] = []
            do {
                while try reader.read(rowsMax: 7) > 0 { rows += reader.numbers }
            } catch {
                preconditionFailure("the table that was inferred cannot be streamed: \(error)")
            }
            let width = variables.count
            let columns = (0..<width).map { column in stride(from: column, to: rows.count, by: width).map { rows[$0] } }
            precondition(
                same(found.table.values, columns),
                "streamed otherwise than it was inferred: \(columns), not \(found.table.values)")
        }
    }

    private static func same(_ one: [[Double]], _ other: [[Double]]) -> Bool {
        one.count == other.count
            && zip(one, other).allSatisfy { one, other in
                one.count == other.count && zip(one, other).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
            }
    }

    /// A file that is a model is written, read back and scored.
    static func safetensors(_ bytes: UnsafeRawBufferPointer) {
        withFile(bytes) { path in
            guard let file = try? CheckpointFile(path), let model = try? file.model() else { return }
            let compiled = CompiledModel(model)
            precondition(compiled.variableCount > 0)
        }
    }

    /// Settings that are taken are printed as a file that is taken, with the same values.
    static func settings(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let file = try? ConfigurationFile(text: text, path: "made.yaml"),
            let configuration = try? Configuration(flags: [:], environment: [:], file: file)
        else { return }
        guard let printed = try? ConfigurationFile(text: configuration.document, path: "printed.yaml"),
            let again = try? Configuration(flags: [:], environment: [:], file: printed)
        else { preconditionFailure("what is printed cannot be read: \(configuration.document)") }
        for setting in ServiceOptions.settings {
            precondition(setting.texts(again.options) == setting.texts(configuration.options), setting.name)
        }
    }
}
