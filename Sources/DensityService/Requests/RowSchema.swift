internal import CRowScanner
internal import Glibc
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
        }
    }
}

/// Rows [n × D] as the scanner appends them.
///
/// `@unchecked Sendable`: plain memory with one owner at a time; whoever hands it on orders the two.
final class RowBuffer: @unchecked Sendable {
    fileprivate var storage = made_float_buffer()

    deinit { free(storage.values) }

    /// Values held, n · D. Setting a smaller count forgets the last ones.
    var count: Int {
        get { storage.count }
        set {
            precondition(newValue <= storage.count)
            storage.count = newValue
        }
    }

    /// Bytes of memory that it has, filled or not.
    var byteCapacity: Int { storage.capacity * MemoryLayout<Float>.stride }

    /// All values; they hold until the next append.
    var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: storage.values, count: storage.count) }
}

/// The scanner of one thread.
final class BodyScanner {
    private let handle: OpaquePointer

    /// Nil where memory is short.
    init?() {
        guard let handle = made_row_scanner_create() else { return nil }
        self.handle = handle
    }

    deinit { made_row_scanner_free(handle) }

    /// What a kind of request holds.
    struct Shape {
        /// The member with the rows.
        var member: StaticString
        var isSingleRow = false
        var isRequired = true
        var refusesMissing = false
        var rowsMax: Int
        var valuesMax: Int
    }

    /// Appends the rows of `body`, which has 64 readable bytes after its end, to `rows`.
    ///
    /// The result's pointers hold until the next scan, and no longer than the body.
    func scan(
        _ body: UnsafeRawBufferPointer, as shape: Shape, schema: RowSchema, into rows: RowBuffer
    ) -> made_scan {
        var request = made_scan_request(
            schema: schema.handle,
            member: made_text(
                bytes: UnsafeRawPointer(shape.member.utf8Start).assumingMemoryBound(to: CChar.self),
                count: shape.member.utf8CodeUnitCount),
            is_single_row: shape.isSingleRow, is_required: shape.isRequired, refuses_missing: shape.refusesMissing,
            rows_max: shape.rowsMax, values_max: shape.valuesMax)
        guard let start = body.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            return made_scan(
                status: MADE_SCAN_EMPTY, offset: 0, reason: nil, name: made_text(), has_rows: false, row_count: 0,
                errors: nil, error_count: 0, members: nil, member_count: 0)
        }
        return made_row_scanner_scan(handle, &request, start, body.count, &rows.storage)
    }
}

extension String {
    /// A copy of the scanner's text.
    init(_ text: made_text) {
        self.init(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
    }
}
