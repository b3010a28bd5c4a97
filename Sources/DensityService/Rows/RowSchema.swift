internal import CRowScanner
internal import MADE

/// A table's columns in the scanner's form.
///
/// `@unchecked Sendable`: the C schema is not written after it is made, and freed only when nobody holds this any more.
final class RowSchema: @unchecked Sendable {
    let handle: OpaquePointer

    /// Nil where memory is short.
    init?(_ variables: [Variable]) {
        // One block for all texts: pointers into Swift strings would not outlive the closures that give them.
        var bytes: [UInt8] = []
        func place(of text: String) -> Range<Int> {
            let start = bytes.count
            bytes.append(contentsOf: text.utf8)
            return start..<bytes.count
        }
        let names = variables.map { place(of: $0.name) }
        let labels = variables.map { $0.kind.labels.map(place) }
        let starts = labels.indices.map { labels[..<$0].reduce(0) { $0 + $1.count } }
        let made = bytes.withUnsafeBytes { block -> OpaquePointer? in
            func text(_ place: Range<Int>) -> made_text {
                let base = block.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) + place.lowerBound }
                return made_text(bytes: base, count: place.count)
            }
            return labels.joined().map(text).withUnsafeBufferPointer { texts in
                let columns = variables.indices.map { index in
                    made_column(
                        name: text(names[index]), kind: variables[index].kind.columnKind,
                        labels: texts.baseAddress.map { $0 + starts[index] }, label_count: labels[index].count,
                        other_label: variables[index].kind.otherLabel)
                }
                return columns.withUnsafeBufferPointer { columns in
                    columns.baseAddress.flatMap { made_row_schema_create($0, columns.count) }
                }
            }
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

    /// Empty but for a categorical variable.
    fileprivate var labels: [String] {
        if case .categorical(let categories) = self { categories.labels } else { [] }
    }

    /// The index of the class for unseen labels; where there is none the scanner's `MADE_NO_LABEL`, all bits set.
    fileprivate var otherLabel: Int {
        if case .categorical(let categories) = self { categories.otherIndex ?? -1 } else { -1 }
    }
}
