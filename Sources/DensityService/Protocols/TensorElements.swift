internal import CRows
internal import MADE
internal import MADERows

extension RowSchema {
    /// Of each variable: the numbers that stand for a missing value in its column.
    var missingNumbers: [[Double]] {
        table.columns.filter { $0.leftOut == nil }.map { $0.missingTexts.compactMap(decimalNumber) }
    }
}

/// The elements of a tensor of raw bytes, little-endian and without gaps.
struct TensorElements {
    private let datatype: TensorHead.Datatype
    private let bytes: UnsafeRawBufferPointer

    /// Precondition: of a type of fixed size, a whole number of elements.
    init(_ datatype: TensorHead.Datatype, _ bytes: UnsafeRawBufferPointer) {
        self.datatype = datatype
        self.bytes = bytes
    }

    private func load<Value: BitwiseCopyable>(_ index: Int, as type: Value.Type) -> Value {
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: type)
    }

    /// A number as a double, rounded where it has to be. Precondition: a type of fixed size.
    func double(_ index: Int) -> Double {
        switch datatype {
        case .bool: bytes[index] == 0 ? 0 : 1
        case .int8: Double(load(index, as: Int8.self))
        case .int16: Double(load(index, as: Int16.self))
        case .int32: Double(load(index, as: Int32.self))
        case .int64: Double(load(index, as: Int64.self))
        case .uint8: Double(load(index, as: UInt8.self))
        case .uint16: Double(load(index, as: UInt16.self))
        case .uint32: Double(load(index, as: UInt32.self))
        case .uint64: Double(load(index, as: UInt64.self))
        case .fp16: Double(load(index, as: Float16.self))
        case .fp32: Double(load(index, as: Float.self))
        case .fp64: load(index, as: Double.self)
        case .bytes: preconditionFailure("texts are no numbers")
        }
    }

    /// A number as it is written, exactly; nil for NaN.
    private func text(_ index: Int) -> String? {
        switch datatype {
        case .int64: return "\(load(index, as: Int64.self))"
        case .uint64: return "\(load(index, as: UInt64.self))"
        default:
            let number = double(index)
            return number.isNaN ? nil : NumberText.text(number)
        }
    }

    /// The values of a column, encoded; `name` is the tensor's.
    func read(_ count: Int, column: Int, name: String, schema: RowSchema) throws(Problem) -> [Float] {
        if datatype == .bytes { return try readTexts(count, column: column, name: name, schema: schema) }
        let form = datatype == .bool ? MADE_VALUE_BOOLEAN : MADE_VALUE_NUMBER
        var values: [Float] = []
        values.reserveCapacity(count)
        let variable = schema.variables[column]
        let missing = schema.missingNumbers[column]
        for index in 0..<count {
            let number = double(index)
            if number.isInfinite {
                throw Problem(422, "\(quoted(name))[\(index)].\(variable.name): \(number) is not a finite number")
            }
            if variable.isReal, datatype != .bool, !number.isNaN {
                values.append(missing.contains(number) ? .nan : variable.encode(number))
                continue
            }
            let text = datatype == .bool ? (bytes[index] == 0 ? "false" : "true") : text(index)
            guard let text else {
                values.append(.nan)
                continue
            }
            values.append(try value(Array(text.utf8), form, index: index, column: column, name: name, schema))
        }
        return values
    }

    /// Each element is the number of its bytes, four bytes, and then the bytes.
    private func readTexts(_ count: Int, column: Int, name: String, schema: RowSchema) throws(Problem) -> [Float] {
        var values: [Float] = []
        var at = 0
        while at < bytes.count {
            guard bytes.count - at >= 4 else { throw cut(name) }
            let size = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            guard size <= bytes.count - at - 4, values.count < count else { throw cut(name) }
            let text = Array(bytes[at + 4..<at + 4 + size])
            guard String(validating: text, as: UTF8.self) != nil else {
                throw Problem(400, "\(quoted(name))[\(values.count)] is not UTF-8")
            }
            values.append(
                try value(text, MADE_VALUE_STRING, index: values.count, column: column, name: name, schema))
            at += 4 + size
        }
        guard values.count == count else { throw cut(name) }
        return values
    }

    private func cut(_ name: String) -> Problem {
        Problem(400, "the bytes of \(quoted(name)) are not as many texts as its shape says, each after its length")
    }

    private func value(
        _ text: [UInt8], _ form: made_value_form, index: Int, column: Int, name: String, _ schema: RowSchema
    ) throws(Problem) -> Float {
        var value = Float.nan
        var number = Double.nan
        let problem = text.withUnsafeBytes { bytes -> Problem? in
            let cell = made_text(bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count: bytes.count)
            let fault = made_row_schema_read_value(schema.handle, column, cell, form, false, &value, &number)
            if fault == MADE_ROW_GOOD { return nil }
            var error = made_row_error()
            (error.fault, error.column, error.text, error.row) = (fault, column, cell, index)
            return Problem(
                RowProblem(error, row: "\(quoted(name))[\(index)]", place: "", variables: schema.variables))
        }
        if let problem { throw problem }
        return value
    }
}
