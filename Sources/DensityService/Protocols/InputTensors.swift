internal import CRows
internal import MADE
internal import MADERows

/// The inputs of an inference request: one tensor of whole rows, or one a column.
struct InputTensors {
    private let model: LoadedModel
    private let rowsMax: Int
    private let valuesMax: Int

    /// - Parameters:
    ///   - rowsMax: rows of one request.
    ///   - valuesMax: values of one request.
    init(model: LoadedModel, rowsMax: Int, valuesMax: Int) {
        self.model = model
        self.rowsMax = rowsMax
        self.valuesMax = valuesMax
    }

    private var variables: [Variable] { model.card.variables }

    /// Appends the rows of the tensors `inputs`, each an element of the request's JSON, to `rows`; `binary` are the bytes after
    /// the JSON.
    ///
    /// - Returns: the number of rows, and of those that are not plain.
    func read(
        _ inputs: [UnsafeRawBufferPointer], binary: UnsafeRawBufferPointer, into rows: RowBuffer,
        using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, special: Int) {
        var heads: [TensorHead] = []
        for (index, json) in inputs.enumerated() {
            let head = try TensorHead(json, index: index, using: scanner)
            guard !heads.contains(where: { $0.name == head.name }) else {
                throw Problem(400, "'inputs' holds two tensors named \(quoted(head.name))")
            }
            heads.append(head)
        }
        guard let first = heads.first else {
            throw Problem(400, "'inputs' holds no tensor; the model takes 'rows', or a tensor a column")
        }
        var binary = binary
        let known = Set(model.schema.table.columns.map(\.name))
        let isRows =
            heads.count == 1 && (first.name == "rows" || !known.contains(NumberText.normalised(first.name)))
        let rowCount =
            isRows
            ? try readRows(first, &binary, into: rows, using: scanner)
            : try readColumns(heads, &binary, into: rows, using: scanner)
        guard binary.isEmpty else {
            throw Problem(400, "\(binary.count) bytes follow the JSON that no tensor claims by 'binary_data_size'")
        }
        let values = rows.values[(rows.count - rowCount * variables.count)...]
        return (rowCount, specialCount(values))
    }

    private func specialCount(_ values: Slice<UnsafeBufferPointer<Float>>) -> Int {
        if model.isAllBinary, values.allSatisfy({ $0 == 0 || $0 == 1 }) { return 0 }
        return stride(from: values.startIndex, to: values.endIndex, by: variables.count).count { start in
            !zip(values[start..<start + variables.count], variables).allSatisfy { $1.isPlain($0) }
        }
    }

    private func check(rowCount: Int) throws(Problem) {
        guard rowCount <= rowsMax, rowCount * variables.count <= valuesMax else {
            throw Problem(
                413,
                "a request may hold \(rowsMax) rows and \(valuesMax) values (queue-rows-max); send several requests")
        }
    }

    // MARK: - Whole rows

    /// A tensor [n × D] of numbers, in which a category is its index and NaN is missing.
    private func readRows(
        _ head: TensorHead, _ binary: inout UnsafeRawBufferPointer, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> Int {
        guard head.datatype.isNumeric else {
            throw Problem(
                400,
                "the tensor \(quoted(head.name)) is \(head.datatype.rawValue); rows are numbers, FP32 or FP64, and columns "
                    + "that hold texts are tensors of their own, by name")
        }
        guard head.shape.count == 2 else {
            throw Problem(400, "'shape' must be the number of rows and \(variables.count)")
        }
        guard head.shape[1] == variables.count else {
            throw Problem(
                422,
                "the shape of \(quoted(head.name)) is [\(head.shape[0]), \(head.shape[1])]; the model has "
                    + "\(variables.count) variables")
        }
        let rowCount = head.shape[0]
        _ = try head.valueCount()
        try check(rowCount: rowCount)
        if head.hasData {
            let shape = BodyScanner.Shape(
                member: "data", form: MADE_ROWS_TENSOR, isRequired: false, rowsMax: rowsMax, valuesMax: valuesMax)
            let scan = scanner.scan(head.json, as: shape, schema: model.schema, into: rows)
            if let problem = Problem(scan, shape: shape) { throw problem }
            try check(scan, shape: shape, rowCount: rowCount)
        } else {
            let bytes = try head.takeBytes(of: &binary)
            try appendRows(TensorElements(head.datatype, bytes), rowCount: rowCount, to: rows)
        }
        return rowCount
    }

    /// Whether the values in JSON are as many as the shape says, and values of their variables.
    private func check(_ scan: made_scan, shape: BodyScanner.Shape, rowCount: Int) throws(Problem) {
        if scan.error_count > 0, let error = scan.errors?.pointee, error.fault != MADE_ROW_WRONG_COUNT {
            throw Problem(RowProblem(error, shape: shape, variables: variables))
        }
        guard scan.error_count == 0, scan.row_count == rowCount else {
            throw Problem(
                400,
                "'data' holds fewer or more values, or other rows, than the shape [\(rowCount), \(variables.count)] says"
            )
        }
    }

    private func appendRows(_ elements: TensorElements, rowCount: Int, to rows: RowBuffer) throws(Problem) {
        let count = variables.count
        let missing = model.schema.missingNumbers
        var values: [Float] = []
        values.reserveCapacity(rowCount * count)
        for index in 0..<rowCount * count {
            let variable = variables[index % count]
            let number = elements.double(index)
            if number.isNaN || variable.isReal && missing[index % count].contains(number) {
                values.append(.nan)
            } else if variable.accepts(number) {
                values.append(variable.encode(number))
            } else if variable.isBinary, variable.unseen != nil, number.isFinite {
                values.append(Variable.unseenValue)
            } else {
                let text = NumberText.text(number)
                let objection = variable.objection(to: text, shown: text, isIndex: true)
                throw Problem(422, "rows[\(index / count)].\(variable.name): \(objection)")
            }
        }
        let isAppended = values.withUnsafeBufferPointer { rows.append($0) }
        guard isAppended else { throw Problem(503, "memory is short; try again later", retryAfter: 1) }
    }

    // MARK: - A tensor a column

    private func readColumns(
        _ heads: [TensorHead], _ binary: inout UnsafeRawBufferPointer, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> Int {
        let columns = try heads.map { (head) throws(Problem) in try variable(of: head) }
        let rowCount = zip(heads, columns).first { $1 != nil }?.0.shape[0] ?? 0
        try check(rowCount: rowCount)
        let count = variables.count
        var values = [Float](repeating: .nan, count: rowCount * count)
        var found = Set<Int>()
        for (head, variable) in zip(heads, columns) {
            guard let variable else {
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
            guard found.insert(variable).inserted else {
                throw Problem(400, "'inputs' holds two tensors for the column '\(variables[variable].name)'")
            }
            let column = try readColumn(head, variable, rowCount, &binary, using: scanner)
            for (row, value) in column.enumerated() { values[row * count + variable] = value }
        }
        if let missing = variables.indices.first(where: { !found.contains($0) }) {
            throw Problem(422, "'inputs' lacks a tensor for the column '\(variables[missing].name)'")
        }
        let isAppended = values.withUnsafeBufferPointer { rows.append($0) }
        guard isAppended else { throw Problem(503, "memory is short; try again later", retryAfter: 1) }
        return rowCount
    }

    /// The variable whose values a tensor holds; nil of a column that training left out, which is passed over.
    private func variable(of head: TensorHead) throws(Problem) -> Int? {
        let name = NumberText.normalised(head.name)
        if let variable = model.indices[name] { return variable }
        guard model.schema.table.columns.contains(where: { $0.name == name }) else {
            throw Problem(
                422,
                "the tensor \(quoted(head.name)) is not a column of the model"
                    + suggestion(for: name, among: variables.lazy.map(\.name)))
        }
        return nil
    }

    private func readColumn(
        _ head: TensorHead, _ variable: Int, _ rowCount: Int, _ binary: inout UnsafeRawBufferPointer,
        using scanner: BodyScanner
    ) throws(Problem) -> [Float] {
        guard head.hasData else {
            let elements = TensorElements(head.datatype, try head.takeBytes(of: &binary))
            return try elements.read(rowCount, column: variable, name: head.name, schema: model.schema)
        }
        let shape = BodyScanner.Shape(
            member: "data", form: MADE_ROWS_COLUMN, column: variable, isRequired: false, rowsMax: rowsMax,
            valuesMax: valuesMax)
        let buffer = RowBuffer()
        let scan = scanner.scan(head.json, as: shape, schema: model.schema, into: buffer)
        if let problem = Problem(scan, shape: shape) { throw problem }
        if scan.error_count > 0, var error = scan.errors?.pointee {
            error.column = variable
            guard error.fault != MADE_ROW_WRONG_COUNT else {
                throw Problem(
                    400, "\(quoted(head.name))[\(error.row)] is a list of \(error.found) values; a column has one a row"
                )
            }
            let place = "\(quoted(head.name))[\(error.row)]"
            throw Problem(RowProblem(error, row: place, place: "", variables: variables))
        }
        guard buffer.count == rowCount else {
            throw Problem(
                400, "'data' of \(quoted(head.name)) holds \(buffer.count) values, its shape says \(rowCount)")
        }
        return Array(buffer.values)
    }
}
