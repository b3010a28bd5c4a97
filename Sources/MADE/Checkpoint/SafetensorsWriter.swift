internal import FoundationEssentials
internal import Glibc

/// Builds a safetensors file in memory and puts it in place in one step, so that no reader ever sees half of it.
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

    /// Writes beside `path`, syncs, then renames over it.
    func write(to path: String, metadata: [String: String]) throws(CheckpointError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var header: [UInt8]
        do {
            header = Array(try encoder.encode(Header(tensors: tensors, metadata: metadata)))
        } catch {
            throw CheckpointError(path, .unwritable("the header cannot be encoded: \(error)"))
        }
        // The data section starts at a multiple of 8; trailing spaces are allowed in the header.
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        let temporary = path + ".tmp\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CheckpointError(path, .unwritable(String(cString: strerror(errno)))) }
        let written =
            [length, header, data].allSatisfy { bytes in Self.write(bytes, to: descriptor) } && fsync(descriptor) == 0
        let reason = errno
        close(descriptor)
        guard written, rename(temporary, path) == 0 else {
            let message = String(cString: strerror(written ? errno : reason))
            unlink(temporary)
            throw CheckpointError(path, .unwritable(message))
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }
}
