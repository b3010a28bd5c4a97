package import CRows

/// The scanner of one thread.
package final class BodyScanner {
    private let handle: OpaquePointer
    /// Takes memory for what a scan holds beside the body, so many bytes in all; where it returns false, the scan ends with
    /// `MADE_SCAN_MEMORY_REFUSED`. Nil: there is no bound.
    package var takeMemory: ((Int) -> Bool)?

    /// Nil where memory is short.
    package init?() {
        guard let handle = made_row_scanner_create() else { return nil }
        self.handle = handle
    }

    deinit { made_row_scanner_free(handle) }

    /// What a kind of request holds.
    package struct Shape {
        /// The member with the rows.
        package var member: StaticString
        package var form: made_rows_form
        /// Of `MADE_ROWS_COLUMN`.
        package var column: Int
        /// Of tensors: what their elements may be.
        package var elements: made_element_type
        package var isRequired: Bool
        package var rowsMax: Int
        package var valuesMax: Int
        package var options: ReadingOptions
        /// Names of columns whose cells are handed back; not of tensors.
        package var kept: [String]

        package init(
            member: StaticString, form: made_rows_form = MADE_ROWS_ARRAY, column: Int = 0,
            elements: made_element_type = made_element_type(), isRequired: Bool = true, rowsMax: Int,
            valuesMax: Int, options: ReadingOptions = ReadingOptions(), kept: [String] = []
        ) {
            self.member = member
            self.form = form
            self.column = column
            self.elements = elements
            self.isRequired = isRequired
            self.rowsMax = rowsMax
            self.valuesMax = valuesMax
            self.options = options
            self.kept = kept
        }

        package var isSingleRow: Bool { form == MADE_ROWS_SINGLE }
        package var isTensor: Bool { form == MADE_ROWS_TENSOR }

        /// A body without rows: all members are handed back.
        package static let fields = Shape(member: "", isRequired: false, rowsMax: 0, valuesMax: 0)
        /// Evidence: one row, of which any part may be there.
        package static let given = Shape(
            member: "given", form: MADE_ROWS_SINGLE, isRequired: false, rowsMax: 1, valuesMax: .max,
            options: ReadingOptions(refusesUnseen: true, missingIsUnknown: true))
    }

    /// Appends the rows of `body`, which has 64 readable bytes after its end, to `rows`. Without a `schema` there are no
    /// rows, and all members are handed back.
    ///
    /// The result's pointers hold until the next scan, and no longer than the body.
    package func scan(
        _ body: UnsafeRawBufferPointer, as shape: Shape, schema: RowSchema?, into rows: RowBuffer
    ) -> made_scan {
        var request = made_scan_request()
        request.schema = schema?.handle
        request.options = shape.options.handle(keepsNumbers: rows.keepsNumbers)
        request.member = made_text(
            bytes: UnsafeRawPointer(shape.member.utf8Start).assumingMemoryBound(to: CChar.self),
            count: shape.member.utf8CodeUnitCount)
        request.form = shape.form
        request.column = shape.column
        request.elements = shape.elements
        request.is_required = shape.isRequired
        request.rows_max = shape.rowsMax
        request.values_max = shape.valuesMax
        if takeMemory != nil {
            request.memory_context = Unmanaged.passUnretained(self).toOpaque()
            request.take_memory = { context, byteCount in
                guard let context else { return true }
                return Unmanaged<BodyScanner>.fromOpaque(context).takeUnretainedValue().takeMemory?(byteCount) ?? true
            }
        }
        guard let start = body.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            var empty = made_scan()
            empty.status = MADE_SCAN_EMPTY
            return empty
        }
        if shape.kept.isEmpty { return made_row_scanner_scan(handle, &request, start, body.count, &rows.storage) }
        let pool = TextPool()
        (request.kept, request.kept_count) = pool.texts(shape.kept)
        return withExtendedLifetime(pool) {
            made_row_scanner_scan(handle, &request, start, body.count, &rows.storage)
        }
    }
}
