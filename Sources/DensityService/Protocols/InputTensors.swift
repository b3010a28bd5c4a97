internal import CRows
internal import MADE
internal import MADERows

/// The inputs of an inference request: one tensor of whole rows, or one a column.
struct InputTensors {
    private let model: LoadedModel
    private let options: ReadingOptions
    private let rowsMax: Int
    private let valuesMax: Int
    private let takeMemory: (Int) throws(Problem) -> Void

    /// - Parameters:
    ///   - rowsMax: rows of one request.
    ///   - valuesMax: values of one request.
    ///   - takeMemory: takes memory, bytes; throws where there is none.
    init(
        model: LoadedModel, options: ReadingOptions, rowsMax: Int, valuesMax: Int,
        takeMemory: @escaping (Int) throws(Problem) -> Void
    ) {
        self.takeMemory = takeMemory
        self.model = model
        self.options = options
        self.rowsMax = rowsMax
        self.valuesMax = valuesMax
    }

    private var variables: [Variable] { model.card.variables }
    private var columnCount: Int { model.schema.columns.count }

    /// Appends the rows of the tensors `inputs`, each an element of the request's JSON, to `rows`; `binary` are the bytes after
    /// the JSON.
    ///
    /// - Returns: the number of rows, and of those that are not plain.
    func read(
        _ inputs: [UnsafeRawBufferPointer], binary: UnsafeRawBufferPointer, into rows: RowBuffer,
        using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, special: Int) {
        if inputs.count == 1, let read = try readValues(of: inputs[0], into: rows, using: scanner) {
            try checkClaimed(binary)
            return read
        }
        var heads: [TensorHead] = []
        for (index, json) in inputs.enumerated() {
            let scan = scanner.scan(json, as: .fields, schema: nil, into: RowBuffer())
            let head = try TensorHead(json, scan, index: index)
            guard !heads.contains(where: { $0.name == head.name }) else {
                throw Problem(400, "'inputs' holds two tensors named \(quoted(head.name))")
            }
            heads.append(head)
        }
        guard let first = heads.first else {
            throw Problem(400, "'inputs' holds no tensor; the model takes 'rows', or a tensor a column")
        }
        var binary = binary
        let read =
            heads.count == 1 && isRows(first)
            ? try readRows(first, &binary, into: rows, using: scanner)
            : try readColumns(heads, &binary, into: rows, using: scanner)
        try checkClaimed(binary)
        return read
    }

    /// A lone tensor of rows in JSON, scanned once if its datatype is the one that it is expected to have; nil where it is
    /// something else, and nothing is read.
    private func readValues(
        of json: UnsafeRawBufferPointer, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, special: Int)? {
        let valueCount = rows.count
        let expected = TensorHead.Datatype(namedIn: json) ?? .fp32
        let scan = scanner.scan(json, as: rowsShape(of: expected), schema: model.schema, into: rows)
        var head: TensorHead?
        if scan.status == MADE_SCAN_OK, scan.has_rows { head = try TensorHead(json, scan, index: 0) }
        guard let head, isRows(head) else {
            rows.count = valueCount
            return nil
        }
        if head.datatype == expected { return try check(scan, of: head) }
        rows.count = valueCount
        return try readValues(of: head, into: rows, using: scanner)
    }

    /// The rows of a tensor in JSON.
    private func readValues(
        of head: TensorHead, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, special: Int) {
        _ = try rowCount(of: head)
        let shape = rowsShape(of: head.datatype)
        let scan = scanner.scan(head.json, as: shape, schema: model.schema, into: rows)
        if let problem = Problem(scan, shape: shape) { throw problem }
        return try check(scan, of: head)
    }

    /// Precondition: of a lone tensor.
    private func isRows(_ head: TensorHead) -> Bool {
        head.name == "rows" || !isColumn(NumberText.normalised(head.name))
    }

    /// Whether the table that the model was trained on has such a column.
    private func isColumn(_ name: String) -> Bool {
        model.indices[name] != nil || model.schema.table.columns.contains { $0.name == name }
    }

    private func checkClaimed(_ binary: UnsafeRawBufferPointer) throws(Problem) {
        guard binary.isEmpty else {
            throw Problem(400, "\(binary.count) bytes follow the JSON that no tensor claims by 'binary_data_size'")
        }
    }

    private func append(_ values: [Float], to rows: RowBuffer) throws(Problem) {
        let isAppended = values.withUnsafeBufferPointer { rows.append($0) }
        guard isAppended else { throw .memory }
    }

    private func specialCount(_ values: [Float]) -> Int {
        stride(from: 0, to: values.count, by: variables.count).count { start in
            !zip(values[start..<start + variables.count], variables).allSatisfy { $1.isPlain($0) }
        }
    }

    /// What the values of rows take before they are rows of variables, and then as these.
    private func tableBytes(rowCount: Int) -> Int {
        let columnBytes = columnCount * (model.schema.expands ? 12 : 4)
        return rowCount * (columnBytes + 8 * variables.count)
    }

    private func check(rowCount: Int) throws(Problem) {
        guard rowCount <= rowsMax, rowCount * variables.count <= valuesMax else {
            throw Problem(
                413,
                "a request may hold \(rowsMax) rows and \(valuesMax) values (queue-rows-max); send several requests")
        }
    }

    // MARK: - Whole rows

    private func rowsShape(of datatype: TensorHead.Datatype) -> BodyScanner.Shape {
        BodyScanner.Shape(
            member: "data", form: MADE_ROWS_TENSOR, elements: datatype.elements, isRequired: false, rowsMax: rowsMax,
            valuesMax: valuesMax, options: options)
    }

    /// The rows of a tensor [n × D] by what it says of itself.
    private func rowCount(of head: TensorHead) throws(Problem) -> Int {
        guard head.datatype.isNumeric else {
            throw Problem(
                400,
                "the tensor \(quoted(head.name)) is \(head.datatype.rawValue); rows are numbers, FP32 or FP64, and columns "
                    + "that hold texts are tensors of their own, by name")
        }
        guard head.shape.count == 2 else {
            throw Problem(400, "'shape' must be the number of rows and \(columnCount)")
        }
        guard head.shape[1] == columnCount else {
            throw Problem(
                422,
                "the shape of \(quoted(head.name)) is [\(head.shape[0]), \(head.shape[1])]; the model has "
                    + "\(columnCount) columns")
        }
        _ = try head.valueCount()
        try check(rowCount: head.shape[0])
        return head.shape[0]
    }

    /// A tensor [n × D] of numbers, in which a category is its index and NaN is missing.
    private func readRows(
        _ head: TensorHead, _ binary: inout UnsafeRawBufferPointer, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, special: Int) {
        if head.hasData { return try readValues(of: head, into: rows, using: scanner) }
        let rowCount = try rowCount(of: head)
        let elements = TensorElements(head.datatype, try head.takeBytes(of: &binary))
        // By far the most frequent, and read as it is.
        if model.isAllBinary, !model.schema.hasMissingNumbers.contains(true), let bits = elements.floats,
            bits.allSatisfy({ $0 == 0 || $0 == 1 })
        {
            try append(bits, to: rows)
            return (rowCount, 0)
        }
        try takeMemory(tableBytes(rowCount: rowCount))
        let values = try elements.readRows(rowCount, name: head.name, schema: model.schema, options: options)
        try append(values, to: rows)
        return (rowCount, specialCount(values))
    }

    /// Whether the values in JSON are as many as the shape says, and values of their variables.
    private func check(_ scan: made_scan, of head: TensorHead) throws(Problem) -> (rows: Int, special: Int) {
        let rowCount = try rowCount(of: head)
        if scan.error_count > 0, let error = scan.errors?.pointee, error.fault != MADE_ROW_WRONG_COUNT {
            throw problem(error, of: head, isIndex: true)
        }
        guard scan.error_count == 0, scan.row_count == rowCount else {
            throw Problem(
                400,
                "'data' holds fewer or more values, or other rows, than the shape [\(rowCount), \(columnCount)] says"
            )
        }
        return (rowCount, scan.special_row_count)
    }

    /// What is wrong with a value in JSON; `isIndex`: a label is sent as its index.
    private func problem(_ error: made_row_error, of head: TensorHead, isIndex: Bool) -> Problem {
        let row = "\(quoted(head.name))[\(error.row)]"
        guard error.fault == MADE_ROW_WRONG_ELEMENT else {
            return Problem(RowProblem(error, row: row, place: "", isIndex: isIndex, columns: model.schema.columns))
        }
        let column = model.schema.columns[error.column].name
        return Problem(422, "\(row).\(column): \(head.datatype.objection(to: String(error.text)))")
    }

    // MARK: - A tensor a column

    private func readColumns(
        _ heads: [TensorHead], _ binary: inout UnsafeRawBufferPointer, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, special: Int) {
        let columns = try heads.map { (head) throws(Problem) in try column(of: head) }
        let rowCount = zip(heads, columns).first { $1 != nil }?.0.shape[0] ?? 0
        try check(rowCount: rowCount)
        let schema = model.schema
        let count = columnCount
        try takeMemory(tableBytes(rowCount: rowCount))
        var values = [Float](repeating: .nan, count: rowCount * count)
        var numbers = [Double](repeating: .nan, count: schema.expands ? values.count : 0)
        var found = Set<Int>()
        for (head, column) in zip(heads, columns) {
            guard let column else {
                if !head.hasData { _ = try head.takeBytes(of: &binary) }
                continue
            }
            guard head.shape[0] == rowCount, head.shape.dropFirst().allSatisfy({ $0 == 1 }), head.shape.count <= 2
            else {
                throw Problem(
                    400,
                    "the shape of \(quoted(head.name)) is \(head.shape); a column of these \(rowCount) rows is [\(rowCount)] "
                        + "or [\(rowCount), 1]")
            }
            guard found.insert(column).inserted else {
                throw Problem(400, "'inputs' holds two tensors for the column '\(schema.columns[column].name)'")
            }
            let read = try readColumn(head, column, rowCount, &binary, using: scanner)
            for (row, value) in read.values.enumerated() { values[row * count + column] = value }
            guard schema.expands else { continue }
            for (row, number) in read.numbers.enumerated() { numbers[row * count + column] = number }
        }
        if let missing = schema.columns.indices.first(where: { !found.contains($0) }) {
            throw Problem(422, "'inputs' lacks a tensor for the column '\(schema.columns[missing].name)'")
        }
        values = schema.expand(values, numbers: numbers, options: options)
        try append(values, to: rows)
        return (rowCount, specialCount(values))
    }

    /// The column whose values a tensor holds; nil of one that is passed over.
    private func column(of head: TensorHead) throws(Problem) -> Int? {
        let name = NumberText.normalised(head.name)
        if let column = model.indices[name] { return column }
        guard options.ignoresUnknown || isColumn(name) else {
            throw Problem(
                422,
                "the tensor \(quoted(head.name)) is not a column of the model"
                    + suggestion(for: name, among: model.schema.columns.lazy.map(\.name)))
        }
        return nil
    }

    private func readColumn(
        _ head: TensorHead, _ column: Int, _ rowCount: Int, _ binary: inout UnsafeRawBufferPointer,
        using scanner: BodyScanner
    ) throws(Problem) -> ColumnValues {
        if head.hasJSONTexts {
            return try JSONTexts.valuesAsJSON(of: head, using: scanner).withUnsafeBytes { bytes in
                Result { () throws(Problem) in
                    let json = UnsafeRawBufferPointer(rebasing: bytes.dropLast(scanPadding))
                    return try readColumn(head, column, rowCount, json: json, using: scanner)
                }
            }.get()
        }
        guard head.hasData else {
            let elements = TensorElements(head.datatype, try head.takeBytes(of: &binary))
            return try elements.read(rowCount, column: column, name: head.name, schema: model.schema, options: options)
        }
        return try readColumn(head, column, rowCount, json: head.json, using: scanner)
    }

    /// The values that the tensor `json` holds.
    private func readColumn(
        _ head: TensorHead, _ column: Int, _ rowCount: Int, json: UnsafeRawBufferPointer, using scanner: BodyScanner
    ) throws(Problem) -> ColumnValues {
        let shape = BodyScanner.Shape(
            member: "data", form: MADE_ROWS_COLUMN, column: column, elements: head.datatype.elements,
            isRequired: false, rowsMax: rowsMax, valuesMax: valuesMax, options: options)
        let buffer = RowBuffer(keepsNumbers: model.schema.expands)
        let scan = scanner.scan(json, as: shape, schema: model.schema, into: buffer)
        if let problem = Problem(scan, shape: shape) { throw problem }
        if scan.error_count > 0, var error = scan.errors?.pointee {
            error.column = column
            guard error.fault != MADE_ROW_WRONG_COUNT else {
                throw Problem(
                    400, "\(quoted(head.name))[\(error.row)] is a list of \(error.found) values; a column has one a row"
                )
            }
            throw problem(error, of: head, isIndex: false)
        }
        guard buffer.count == rowCount else {
            throw Problem(
                400, "'data' of \(quoted(head.name)) holds \(buffer.count) values, its shape says \(rowCount)")
        }
        return ColumnValues(values: Array(buffer.values), numbers: Array(buffer.numbers))
    }
}
