internal import CRowScanner
internal import Glibc

/// Rows [n × D] as the scanner appends them; one owner at a time.
final class RowBuffer {
    var storage = made_float_buffer()

    deinit { free(storage.values) }

    /// Values held, n · D. Setting a smaller count forgets the last ones.
    var count: Int {
        get { storage.count }
        set {
            precondition(newValue <= storage.count)
            storage.count = newValue
        }
    }

    /// Appends values as they stand in memory, four bytes each; false where memory is short.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return true }
        let total = storage.count + bytes.count / MemoryLayout<Float>.size
        if total > storage.capacity {
            let capacity = max(total, 2 * storage.capacity)
            guard let values = realloc(storage.values, capacity * MemoryLayout<Float>.size) else { return false }
            storage.values = values.assumingMemoryBound(to: Float.self)
            storage.capacity = capacity
        }
        if let values = storage.values { memcpy(values + storage.count, source, bytes.count) }
        storage.count = total
        return true
    }

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
        var isTensor = false
        var isRequired = true
        var rowsMax: Int
        var valuesMax: Int
    }

    /// Appends the rows of `body`, which has 64 readable bytes after its end, to `rows`. Without a `schema` there are no
    /// rows, and all members are handed back.
    ///
    /// The result's pointers hold until the next scan, and no longer than the body.
    func scan(
        _ body: UnsafeRawBufferPointer, as shape: Shape, schema: RowSchema?, into rows: RowBuffer
    ) -> made_scan {
        var request = made_scan_request(
            schema: schema?.handle,
            member: made_text(
                bytes: UnsafeRawPointer(shape.member.utf8Start).assumingMemoryBound(to: CChar.self),
                count: shape.member.utf8CodeUnitCount),
            is_single_row: shape.isSingleRow, is_tensor: shape.isTensor, is_required: shape.isRequired,
            rows_max: shape.rowsMax, values_max: shape.valuesMax)
        guard let start = body.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            return made_scan(
                status: MADE_SCAN_EMPTY, offset: 0, reason: nil, name: made_text(), has_rows: false, row_count: 0,
                errors: nil, error_count: 0, missing_row_count: 0, members: nil, member_count: 0)
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
