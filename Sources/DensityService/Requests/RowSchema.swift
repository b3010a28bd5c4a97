internal import CRowScanner
internal import MADE

/// A table's columns in the scanner's form.
///
/// `@unchecked Sendable`: the C schema is not written after it is made, and freed only when nobody holds this any more.
final class RowSchema: @unchecked Sendable {
    let handle: OpaquePointer

    /// Nil where memory is short.
    init?(_ variables: [Variable]) {
        let names = variables.map { Array($0.name.utf8) }
        // One block for all names: pointers into Swift arrays would not outlive the closures that give them.
        let block = UnsafeMutablePointer<CChar>.allocate(capacity: max(names.reduce(0) { $0 + $1.count }, 1))
        defer { block.deallocate() }
        var offset = 0
        let columns = zip(variables, names).map { variable, name in
            let start = block + offset
            for (index, byte) in name.enumerated() { start[index] = CChar(bitPattern: byte) }
            offset += name.count
            return made_column(
                name: made_text(bytes: start, count: name.count), kind: variable.kind.columnKind, labels: nil,
                label_count: 0)
        }
        let made = columns.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { made_row_schema_create($0, buffer.count) }
        }
        guard let made else { return nil }
        handle = made
    }

    deinit { made_row_schema_free(handle) }
}

extension Variable.Kind {
    fileprivate var columnKind: made_column_kind {
        switch self {
        case .binary: MADE_COLUMN_BINARY
        case .categorical: MADE_COLUMN_CATEGORICAL
        case .real: MADE_COLUMN_REAL
        }
    }
}
