internal import CRows
internal import MADE
internal import MADERows

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

    /// A number as it is written, exactly. Precondition: it is finite.
    private func text(_ index: Int) -> String {
        switch datatype {
        case .int64: "\(load(index, as: Int64.self))"
        case .uint64: "\(load(index, as: UInt64.self))"
        default: NumberText.text(double(index))
        }
    }

    /// All elements as they are; nil where they are no floats.
    var floats: [Float]? {
        guard datatype == .fp32 else { return nil }
        return (0..<bytes.count / MemoryLayout<Float>.size).map { load($0, as: Float.self) }
    }

    /// The values of rows [n × columns], encoded and made rows of variables; a category is its index, NaN a missing value.
    func readRows(
        _ rowCount: Int, name: String, schema: RowSchema, options: ReadingOptions
    ) throws(Problem) -> [Float] {
        let count = schema.columns.count
        var values = [Float](repeating: 0, count: rowCount * count)
        var numbers = [Double](repeating: .nan, count: schema.expands ? values.count : 0)
        var fault: (index: Int, problem: RowProblem)?
        for (place, column) in schema.columns.enumerated() {
            let isPlain = !schema.hasMissingNumbers[place] && column.clock == nil
            for index in stride(from: place, to: fault?.index ?? values.count, by: count) {
                let number = double(index)
                if number.isNaN {
                    values[index] = options.missingIsUnknown ? .nan : column.valueOfMissing
                    continue
                }
                if isPlain, let value = column.encode(number) {
                    values[index] = value
                    if schema.expands { numbers[index] = number }
                    continue
                }
                do {
                    let read = try schema.read(
                        NumberText.text(number), as: MADE_VALUE_ELEMENT, column: place, options: options,
                        row: "\(quoted(name))[\(index / count)]")
                    values[index] = read.value
                    if schema.expands { numbers[index] = read.number }
                } catch {
                    fault = (index, error)
                    break
                }
            }
        }
        if let fault { throw Problem(fault.problem.isMalformed ? 400 : 422, fault.problem.detail) }
        return schema.expand(values, numbers: numbers, options: options)
    }

    /// The values of a column, encoded, and their numbers; `name` is the tensor's.
    func read(
        _ count: Int, column: Int, name: String, schema: RowSchema, options: ReadingOptions
    ) throws(Problem) -> ColumnValues {
        func cell(
            _ text: String, _ form: made_value_form, _ index: Int
        ) throws(Problem) -> (value: Float, number: Double) {
            do throws(RowProblem) {
                return try schema.read(
                    text, as: form, column: column, options: options, row: "\(quoted(name))[\(index)]")
            } catch { throw Problem(error) }
        }
        if datatype == .bytes { return try readTexts(count, name: name, cell) }
        let read = schema.columns[column]
        if datatype == .bool, let index = bytes.firstIndex(where: { $0 > 1 }) {
            let objection = datatype.objection(to: "\(bytes[index])")
            throw Problem(422, "\(quoted(name))[\(index)].\(read.name): \(objection)")
        }
        var values = ColumnValues(capacity: count)
        let encodesNumbers = read.isReal && datatype != .bool && !schema.hasMissingNumbers[column]
        let form = datatype == .bool ? MADE_VALUE_BOOLEAN : MADE_VALUE_NUMBER
        for index in 0..<count {
            let number = double(index)
            if number.isInfinite {
                throw Problem(422, "\(quoted(name))[\(index)].\(read.name): \(number) is not a finite number")
            }
            if number.isNaN {
                values.append((options.missingIsUnknown ? .nan : read.valueOfMissing, .nan))
            } else if encodesNumbers, let value = read.encode(number) {
                values.append((value, number))
            } else {
                let text = datatype == .bool ? (bytes[index] == 0 ? "false" : "true") : text(index)
                let isTime = read.clock != nil && datatype != .bool
                values.append(try cell(text, isTime ? MADE_VALUE_ELEMENT : form, index))
            }
        }
        return values
    }

    /// Each element is the number of its bytes, four bytes, and then the bytes.
    private func readTexts(
        _ count: Int, name: String,
        _ cell: (String, made_value_form, _ index: Int) throws(Problem) -> (value: Float, number: Double)
    ) throws(Problem) -> ColumnValues {
        var values = ColumnValues(capacity: count)
        var at = 0
        while at < bytes.count {
            guard bytes.count - at >= 4 else { throw cut(name) }
            let size = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            guard size <= bytes.count - at - 4, values.count < count else { throw cut(name) }
            guard let text = String(validating: bytes[at + 4..<at + 4 + size], as: UTF8.self) else {
                throw Problem(400, "\(quoted(name))[\(values.count)] is not UTF-8")
            }
            values.append(try cell(text, MADE_VALUE_STRING, values.count))
            at += 4 + size
        }
        guard values.count == count else { throw cut(name) }
        return values
    }

    private func cut(_ name: String) -> Problem {
        Problem(400, "the bytes of \(quoted(name)) are not as many texts as its shape says, each after its length")
    }
}

/// The values of one column as `RowSchema.read` gives them.
struct ColumnValues {
    private(set) var values: [Float] = []
    private(set) var numbers: [Double] = []
    var count: Int { values.count }

    /// `numbers` may be empty where variables are columns.
    init(values: [Float], numbers: [Double]) {
        self.values = values
        self.numbers = numbers
    }

    init(capacity: Int) {
        values.reserveCapacity(capacity)
        numbers.reserveCapacity(capacity)
    }

    mutating func append(_ cell: (value: Float, number: Double)) {
        values.append(cell.value)
        numbers.append(cell.number)
    }
}
