internal import CRows
internal import MADE
internal import MADERows

/// What an inference request says beside its input tensor.
struct InferRequest {
    /// The client's name for it, echoed.
    var id: String?
    var outputs: [RequestedOutput]

    /// Parameters that are read; all others are ignored.
    private struct Parameters: Decodable {
        var isBinary: Bool?

        enum CodingKeys: String, CodingKey {
            case isBinary = "binary_data_output"
        }
    }

    private struct Output: Decodable {
        struct Parameters: Decodable {
            var isBinary: Bool?

            enum CodingKeys: String, CodingKey {
                case isBinary = "binary_data"
            }
        }
        var name: String
        var parameters: Parameters?
    }

    /// Reads the fields of a body.
    ///
    /// - Returns: also the JSON of each input tensor.
    static func read(
        _ fields: OptionReader, card: ModelCard
    ) throws(Problem) -> (request: InferRequest, tensors: [UnsafeRawBufferPointer]) {
        let parameters = try fields.value(
            "parameters", Parameters.self, mustBe: "an object, and its 'binary_data_output' true or false")
        let isBinary = parameters?.isBinary ?? false
        let request = InferRequest(
            id: try fields.value("id", mustBe: "a string"),
            outputs: try outputs(fields, isBinary: isBinary, card: card))
        return (request, try inputs(fields.text("inputs")))
    }

    private static func outputs(
        _ fields: OptionReader, isBinary: Bool, card: ModelCard
    ) throws(Problem) -> [RequestedOutput] {
        let asked = try fields.value(
            "outputs", [Output].self, mustBe: "an array of objects with a 'name', and 'binary_data' true or false")
        guard let asked, !asked.isEmpty else {
            return OutputTensor.defaults(of: card).map { RequestedOutput(tensor: $0, isBinary: isBinary) }
        }
        let known = OutputTensor.all(of: card)
        var outputs: [RequestedOutput] = []
        for output in asked {
            guard let tensor = known.first(where: { $0.rawValue == output.name }) else {
                throw Problem(
                    400,
                    "\(quoted(output.name)) is not an output of this model; it has "
                        + known.map(\.rawValue).joined(separator: ", "))
            }
            guard !outputs.contains(where: { $0.tensor == tensor }) else {
                throw Problem(400, "the output \(quoted(output.name)) is asked for twice")
            }
            outputs.append(RequestedOutput(tensor: tensor, isBinary: output.parameters?.isBinary ?? isBinary))
        }
        return outputs
    }

    private static func inputs(_ json: UnsafeRawBufferPointer?) throws(Problem) -> [UnsafeRawBufferPointer] {
        guard let json, json.first == UInt8(ascii: "[") else {
            throw Problem(400, "'inputs' must be an array of tensors: 'rows', or one a column")
        }
        return elements(of: json)
    }
}

/// The elements of `array`, which is the text of a JSON array, without space around them.
private func elements(of array: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
    var elements: [UnsafeRawBufferPointer] = []
    var depth = 0
    var isInString = false
    var start: Int?
    var index = 0
    while index < array.count {
        let byte = array[index]
        if isInString {
            if byte == UInt8(ascii: "\\") { index += 1 }
            if byte == UInt8(ascii: "\"") { isInString = false }
            index += 1
            continue
        }
        let isEnd = depth == 1 && (byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]"))
        if isEnd, let first = start {
            elements.append(UnsafeRawBufferPointer(rebasing: array[first..<index]))
            start = nil
        } else if !isEnd, depth == 1, start == nil, byte > UInt8(ascii: " ") {
            start = index
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
        default: break
        }
        index += 1
    }
    return elements
}
