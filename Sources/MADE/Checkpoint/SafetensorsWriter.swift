internal import FoundationEssentials

/// Builds a safetensors file in memory.
struct SafetensorsWriter {
    private struct Tensor: Encodable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int]
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Header: Encodable {
        let tensors: [String: Tensor]
        let metadata: [String: String]

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(metadata, forKey: Key("__metadata__"))
            for (name, tensor) in tensors { try container.encode(tensor, forKey: Key(name)) }
        }
    }

    private var tensors: [String: Tensor] = [:]
    private var data: [UInt8] = []

    /// Appends a tensor; `elements` holds as many numbers as `shape` says, row-major.
    mutating func add<Element: BitwiseCopyable>(_ name: String, dtype: String, shape: [Int], _ elements: [Element]) {
        precondition(elements.count == shape.reduce(1, *))
        // Wide elements first keep every tensor aligned to its own width, as readers that map the file expect.
        let start = data.count
        elements.withUnsafeBytes { data.append(contentsOf: $0) }
        tensors[name] = Tensor(dtype: dtype, shape: shape, data_offsets: [start, data.count])
    }

    /// Writes the file.
    ///
    /// - Throws: `OutputError`.
    func write(to target: OutputTarget, metadata: [String: String]) throws(OutputError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var header: [UInt8]
        do {
            header = Array(try encoder.encode(Header(tensors: tensors, metadata: metadata)))
        } catch {
            throw OutputError(target.path, .unwritable("the header cannot be encoded: \(error)"))
        }
        // The data section starts at a multiple of 8; trailing spaces are allowed in the header.
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        try target.write(length, header, data)
    }
}
