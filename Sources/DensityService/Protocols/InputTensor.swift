internal import CRowScanner
internal import MADE

/// The input of an inference request: `rows`, FP32 [n × D].
struct InputTensor {
    private let model: LoadedModel
    private let shape: BodyScanner.Shape

    private static let names = ["name", "shape", "datatype", "parameters", "data"]

    /// Parameters that are read; all others are ignored.
    private struct Parameters: Decodable {
        var byteCount: Int?

        enum CodingKeys: String, CodingKey {
            case byteCount = "binary_data_size"
        }
    }

    /// - Parameters:
    ///   - rowsMax: rows of one request.
    ///   - valuesMax: values of one request.
    init(model: LoadedModel, rowsMax: Int, valuesMax: Int) {
        self.model = model
        shape = BodyScanner.Shape(
            member: "data", isTensor: true, isRequired: false, rowsMax: rowsMax, valuesMax: valuesMax)
    }

    /// Appends the tensor's values to `rows`: those of its `json`, which stands in a request's body, or `binary`, the bytes
    /// after that JSON.
    ///
    /// - Returns: the number of rows, and of those with a missing value.
    func read(
        _ json: UnsafeRawBufferPointer, binary: UnsafeRawBufferPointer, into rows: RowBuffer, using scanner: BodyScanner
    ) throws(Problem) -> (rows: Int, missing: Int) {
        let valueCount = rows.count
        let scan = scanner.scan(json, as: shape, schema: model.schema, into: rows)
        if let problem = Problem(scan, shape: shape) { throw problem }
        let fields = try OptionReader(scan, names: Self.names, rowsMember: "data")
        let rowCount = try rowCount(fields)
        let parameters = try fields.value(
            "parameters", Parameters.self, mustBe: "an object, and its 'binary_data_size' a whole number")
        var missing = scan.missing_row_count
        if let byteCount = parameters?.byteCount {
            guard !scan.has_rows else { throw Problem(400, "the tensor 'rows' has both 'data' and 'binary_data_size'") }
            missing = try append(binary, stated: byteCount, rowCount: rowCount, to: rows)
        } else {
            guard scan.has_rows else {
                throw Problem(400, "the tensor 'rows' has neither 'data' nor 'binary_data_size'")
            }
            guard binary.isEmpty else {
                throw Problem(
                    400, "\(binary.count) bytes follow the JSON, and no tensor claims them by 'binary_data_size'")
            }
            try check(scan, rowCount: rowCount)
        }
        precondition(rows.count == valueCount + rowCount * model.card.variables.count, "a row was lost")
        return (rowCount, missing)
    }

    /// The number of rows by `shape`; checks all that is said of the tensor but its values.
    private func rowCount(_ fields: OptionReader) throws(Problem) -> Int {
        let name = try fields.value("name", String.self, mustBe: "a string")
        guard name == "rows" else {
            throw Problem(400, "the tensor \(quoted(name ?? "")) is not an input of this model; it takes 'rows'")
        }
        let datatype = try fields.value("datatype", String.self, mustBe: "a string")
        guard datatype == "FP32" else {
            throw Problem(400, "the datatype of 'rows' is \(quoted(datatype ?? "")); it must be FP32")
        }
        guard let sizes = try fields.value("shape", [Int].self, mustBe: "an array of two whole numbers"),
            sizes.count == 2, sizes.allSatisfy({ $0 >= 0 })
        else { throw Problem(400, "'shape' must be the number of rows and \(model.card.variables.count)") }
        guard sizes[1] == model.card.variables.count else {
            throw Problem(
                422,
                "the shape of 'rows' is [\(sizes[0]), \(sizes[1])]; the model has \(model.card.variables.count) variables"
            )
        }
        let (valueCount, isOverflow) = sizes[0].multipliedReportingOverflow(by: sizes[1])
        guard !isOverflow, valueCount <= .max / MemoryLayout<Float>.size else {
            throw Problem(400, "the shape [\(sizes[0]), \(sizes[1])] is beyond all memory")
        }
        return sizes[0]
    }

    /// Whether the values in JSON are as many as the shape says, and values of their variables.
    private func check(_ scan: made_scan, rowCount: Int) throws(Problem) {
        if scan.error_count > 0, let error = scan.errors?.pointee, error.fault != MADE_ROW_WRONG_COUNT {
            throw Problem(error, shape: shape, variables: model.card.variables)
        }
        guard scan.error_count == 0, scan.row_count == rowCount else {
            let size = "[\(rowCount), \(model.card.variables.count)]"
            throw Problem(400, "'data' holds fewer or more values, or other rows, than the shape \(size) says")
        }
    }

    /// - Returns: the number of rows with a missing value.
    private func append(
        _ binary: UnsafeRawBufferPointer, stated byteCount: Int, rowCount: Int, to rows: RowBuffer
    ) throws(Problem) -> Int {
        let size = rowCount * model.card.variables.count * MemoryLayout<Float>.size
        guard byteCount == size else {
            throw Problem(
                400,
                "'binary_data_size' is \(byteCount); FP32 values of shape [\(rowCount), \(model.card.variables.count)] are \(size) bytes"
            )
        }
        guard binary.count == size else {
            throw Problem(400, "'binary_data_size' is \(size), and \(binary.count) bytes follow the JSON")
        }
        guard rowCount <= shape.rowsMax else {
            throw Problem(413, "a request may hold \(shape.rowsMax) rows (queue-rows-max); send several requests")
        }
        let first = rows.count
        guard rows.append(binary) else { throw Problem(503, "memory is short; try again later", retryAfter: 1) }
        let values = rows.values[first...]
        if model.isAllBinary, values.allSatisfy({ $0 == 0 || $0 == 1 }) { return 0 }
        let variables = model.card.variables
        var missing = 0
        for start in stride(from: first, to: values.endIndex, by: variables.count) {
            var hasMissing = false
            for (column, value) in values[start..<start + variables.count].enumerated() {
                if value.isNaN {
                    hasMissing = true
                } else if !variables[column].accepts(value) {
                    let objection = variables[column].objection(to: "\(value)", shown: "\(value)", isIndex: true)
                    let row = (start - first) / variables.count
                    throw Problem(422, "rows[\(row)].\(variables[column].name): \(objection)")
                }
            }
            if hasMissing { missing += 1 }
        }
        return missing
    }
}
