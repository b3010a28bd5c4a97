internal import CRows
internal import MADERows

/// What an input tensor says of itself beside its values.
struct TensorHead {
    /// Element types of the protocol.
    enum Datatype: String, CaseIterable {
        case bool = "BOOL"
        case int8 = "INT8"
        case int16 = "INT16"
        case int32 = "INT32"
        case int64 = "INT64"
        case uint8 = "UINT8"
        case uint16 = "UINT16"
        case uint32 = "UINT32"
        case uint64 = "UINT64"
        case fp16 = "FP16"
        case fp32 = "FP32"
        case fp64 = "FP64"
        case bytes = "BYTES"

        /// The first one that the beginning of `json`, a tensor, names: its own, if it is written as clients write it.
        init?(namedIn json: UnsafeRawBufferPointer) {
            let texts = json.prefix(256).split(separator: UInt8(ascii: "\""))
            guard let type = texts.lazy.compactMap({ Self(rawValue: String(decoding: $0, as: UTF8.self)) }).first else {
                return nil
            }
            self = type
        }

        /// Bytes of one element; nil where each says its own.
        var byteCount: Int? {
            switch self {
            case .bool, .int8, .uint8: 1
            case .int16, .uint16, .fp16: 2
            case .int32, .uint32, .fp32: 4
            case .int64, .uint64, .fp64: 8
            case .bytes: nil
            }
        }

        var isNumeric: Bool { self != .bytes && self != .bool }

        /// What its values in JSON may be. Texts are of any kind: clients send a column of objects as they are.
        var elements: made_element_type {
            let kind =
                switch self {
                case .bytes: MADE_ELEMENT_ANY
                case .bool: MADE_ELEMENT_TRUTH
                case .int8, .int16, .int32, .int64: MADE_ELEMENT_INTEGER
                case .uint8, .uint16, .uint32, .uint64: MADE_ELEMENT_UNSIGNED
                case .fp16, .fp32, .fp64: MADE_ELEMENT_FLOAT
                }
            return made_element_type(kind: kind, bits: UInt32(8 * (byteCount ?? 0)))
        }

        /// Why `text`, an element as it came, is none of its values.
        func objection(to text: String) -> String {
            let shift = 64 - elements.bits
            let values =
                switch elements.kind {
                case MADE_ELEMENT_INTEGER: "a whole number, \(Int64.min >> shift) to \(Int64.max >> shift)"
                case MADE_ELEMENT_UNSIGNED: "a whole number, 0 to \(UInt64.max >> shift)"
                case MADE_ELEMENT_FLOAT:
                    "a number within ±\(self == .fp16 ? "65504" : self == .fp32 ? "3.4e38" : "1.8e308")"
                default: "true or false, in JSON also 1 or 0"
                }
            let shown = text == "[" ? "an array" : text == "{" ? "an object" : quoted(text)
            return "\(shown) is not a value of \(rawValue) (\(values))"
        }
    }

    let name: String
    let datatype: Datatype
    let shape: [Int]
    /// Bytes of its values after the JSON; nil where they are in it.
    let binaryByteCount: Int?
    let hasData: Bool
    /// Whether each of its texts is the JSON of a value, and not the value.
    let hasJSONTexts: Bool
    /// The tensor as it stands in the body.
    let json: UnsafeRawBufferPointer

    private static let names = ["name", "shape", "datatype", "parameters", "data"]

    /// Parameters that are read; all others are ignored.
    private struct Parameters: Decodable {
        var byteCount: Int?
        var contentType: String?

        enum CodingKeys: String, CodingKey {
            case byteCount = "binary_data_size"
            case contentType = "content_type"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            byteCount = try container.decodeIfPresent(Int.self, forKey: .byteCount)
            // Not of the protocol: whatever else a client may mean by it is passed over.
            contentType = try? container.decode(String.self, forKey: .contentType)
        }
    }

    /// Of the tensor `json`, which stands in a request's body, by a scan of its members, or one that read its values too;
    /// `index` is its place among the inputs.
    init(_ json: UnsafeRawBufferPointer, _ scan: made_scan, index: Int) throws(Problem) {
        guard json.first == UInt8(ascii: "{") else { throw Problem(400, "inputs[\(index)] must be an object") }
        if let problem = Problem(scan, shape: .fields) { throw problem }
        let fields = try OptionReader(scan, names: Self.names, rowsMember: "data")
        guard let name = try fields.value("name", String.self, mustBe: "a string") else {
            throw Problem(400, "inputs[\(index)] has no 'name'")
        }
        let type = try fields.value("datatype", String.self, mustBe: "a string") ?? ""
        guard let datatype = Datatype(rawValue: type) else {
            let known = Datatype.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(400, "the datatype of \(quoted(name)) is \(quoted(type)); it must be one of \(known)")
        }
        guard let shape = try fields.value("shape", [Int].self, mustBe: "an array of whole numbers"),
            !shape.isEmpty, shape.allSatisfy({ $0 >= 0 })
        else { throw Problem(400, "the 'shape' of \(quoted(name)) must be an array of whole numbers, none below 0") }
        self.name = name
        self.datatype = datatype
        self.shape = shape
        self.json = json
        let parameters = try fields.value(
            "parameters", Parameters.self, mustBe: "an object, and its 'binary_data_size' a whole number")
        binaryByteCount = parameters?.byteCount
        hasJSONTexts = datatype == .bytes && parameters?.contentType == JSONTexts.contentType
        hasData = scan.has_rows || fields.text("data") != nil
        if hasData, binaryByteCount != nil {
            throw Problem(400, "the tensor \(quoted(name)) has both 'data' and 'binary_data_size'")
        }
        if !hasData, binaryByteCount == nil {
            throw Problem(400, "the tensor \(quoted(name)) has neither 'data' nor 'binary_data_size'")
        }
    }

    /// How many values the shape says.
    ///
    /// - Throws: where they are beyond all memory.
    func valueCount() throws(Problem) -> Int {
        var count = 1
        for size in shape {
            let (product, isOverflow) = count.multipliedReportingOverflow(by: size)
            guard !isOverflow, product <= .max / 8 else {
                throw Problem(400, "the shape \(shape) is beyond all memory")
            }
            count = product
        }
        return count
    }

    /// The bytes of its values, which `binary` starts with; those are taken off.
    func takeBytes(of binary: inout UnsafeRawBufferPointer) throws(Problem) -> UnsafeRawBufferPointer {
        let stated = binaryByteCount ?? 0
        if let size = datatype.byteCount, stated != size * (try valueCount()) {
            throw Problem(
                400,
                "'binary_data_size' of \(quoted(name)) is \(stated); \(datatype.rawValue) values of shape \(shape) are "
                    + "\(size * (try valueCount())) bytes")
        }
        guard (0...binary.count).contains(stated) else {
            throw Problem(
                400, "'binary_data_size' of \(quoted(name)) is \(stated), and \(binary.count) bytes follow the JSON")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: binary[..<stated])
        binary = UnsafeRawBufferPointer(rebasing: binary[stated...])
        return bytes
    }
}
