internal import FoundationEssentials
internal import Glibc

/// A safetensors file, read once: its header checked against its size before anything is allocated for a tensor, and then
/// the whole of it, so that all that is said of it is said of the same bytes.
///
/// The format: u64 little-endian header length, a JSON header, then the tensors' bytes without holes.
///
/// `@unchecked Sendable`: nothing of it changes after `init`.
final class SafetensorsFile: @unchecked Sendable {
    /// What the header says of one tensor.
    struct Entry: Equatable {
        let dtype: String
        let shape: [Int]
        /// Bytes of the data section.
        let range: Range<Int>
    }

    /// The header's cap in the format itself, bytes.
    static let headerBytesMax = 100_000_000

    let path: String
    let entries: [String: Entry]
    let metadata: [String: String]
    /// What tells this file, as it is here, from another one.
    let identity: FileIdentity
    /// All of the file.
    let bytes: UnsafeRawBufferPointer
    private let dataStart: Int

    /// - Parameter whileReading: called between the header and the rest.
    init(path: String, whileReading: () -> Void = {}) throws(CheckpointError) {
        self.path = path
        let descriptor = try Self.open(path)
        defer { close(descriptor) }
        guard let identity = FileIdentity(ofOpen: descriptor) else {
            throw CheckpointError(path, .unreadable(String(cString: strerror(errno))))
        }
        self.identity = identity
        let header: [UInt8]
        (entries, metadata, header) = try Self.readHeader(of: descriptor, path: path)
        dataStart = 8 + header.count
        let dataBytes = entries.values.reduce(0) { max($0, $1.range.upperBound) }
        guard dataBytes <= Checkpoint.compiledBytesMax else {
            throw CheckpointError(
                path, .tooLarge("its tensors have \(dataBytes) bytes; the limit is \(Checkpoint.compiledBytesMax)"))
        }
        whileReading()
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: dataStart + dataBytes, alignment: 64)
        self.bytes = UnsafeRawBufferPointer(bytes)
        try Self.fill(bytes, from: descriptor, at: 0, path: path)
        // Whoever wrote to it meanwhile left half of one model and half of another, which may look like a whole.
        guard identity.hasSameContent(as: FileIdentity(ofOpen: descriptor)),
            bytes[8..<dataStart].elementsEqual(header)
        else {
            throw CheckpointError(path, .unreadable(Self.wasWrittenTo))
        }
    }

    deinit {
        bytes.deallocate()
    }

    /// Opens a regular file and nothing else: a pipe's writer may never come, and to open a device may move it.
    private static func open(_ path: String) throws(CheckpointError) -> Int32 {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw CheckpointError(path, .unreadable(String(cString: strerror(errno))))
        }
        try checkKind(of: status, path: path)
        // Should a pipe have come there meanwhile, nothing waits for its writer.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw CheckpointError(path, .unreadable(String(cString: strerror(errno)))) }
        return descriptor
    }

    private static func checkKind(of status: stat, path: String) throws(CheckpointError) {
        let kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: ""
            case S_IFDIR: "folder"
            case S_IFIFO: "pipe"
            case S_IFSOCK: "socket"
            default: "device"
            }
        if !kind.isEmpty { throw CheckpointError(path, .unreadable("it is a \(kind), not a regular file")) }
    }

    /// The tensor's numbers as floats; a state dict's F16, BF16 and F64 are converted.
    func floats(_ name: String) throws(CheckpointError) -> [Float] {
        let entry = try entry(name)
        let values: [Float]
        switch entry.dtype {
        case "F32": values = read(entry, as: Float.self)
        case "F64": values = read(entry, as: Double.self).map(Float.init)
        case "F16": values = read(entry, as: Float16.self).map(Float.init)
        case "BF16": values = read(entry, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
        default:
            throw CheckpointError(path, .wrongType(tensor: name, found: entry.dtype, expected: "F32, F64, F16 or BF16"))
        }
        // The bits of magnitudes ascend as they do, up to infinity and NaN; the greatest is found without a branch a number.
        let greatest = values.reduce(into: UInt32(0)) { $0 = max($0, $1.magnitude.bitPattern) }
        if greatest >= Float.infinity.bitPattern, let index = values.firstIndex(where: { !$0.isFinite }) {
            throw CheckpointError(path, .notFinite(tensor: name, index: index, value: "\(values[index])"))
        }
        return values
    }

    /// The tensor's elements, which must be stored as `dtype`.
    func elements<Element: BitwiseCopyable>(
        _ name: String, dtype: String, as type: Element.Type
    ) throws(CheckpointError) -> [Element] {
        let entry = try entry(name)
        guard entry.dtype == dtype else {
            throw CheckpointError(path, .wrongType(tensor: name, found: entry.dtype, expected: dtype))
        }
        return read(entry, as: type)
    }

    /// A mask's elements, from any numeric type, each 0 or 1.
    func booleans(_ name: String) throws(CheckpointError) -> [Bool] {
        let entry = try entry(name)
        switch entry.dtype {
        case "BOOL", "U8": return try booleans(name, read(entry, as: UInt8.self))
        case "I8": return try booleans(name, read(entry, as: Int8.self))
        case "I16": return try booleans(name, read(entry, as: Int16.self))
        case "I32": return try booleans(name, read(entry, as: Int32.self))
        case "I64": return try booleans(name, read(entry, as: Int64.self))
        default: return try booleans(name, floats(name))
        }
    }

    func entry(_ name: String) throws(CheckpointError) -> Entry {
        guard let entry = entries[name] else { throw CheckpointError(path, .missingTensor(name)) }
        return entry
    }

    private func booleans<Element: Numeric>(_ name: String, _ values: [Element]) throws(CheckpointError) -> [Bool] {
        var result: [Bool] = []
        result.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            guard value == 0 || value == 1 else {
                throw CheckpointError(path, .notZeroOrOne(tensor: name, index: index, value: "\(value)"))
            }
            result.append(value == 1)
        }
        return result
    }

    private func read<Element: BitwiseCopyable>(_ entry: Entry, as: Element.Type) -> [Element] {
        let count = entry.range.count / MemoryLayout<Element>.stride
        let tensor = UnsafeRawBufferPointer(rebasing: bytes[dataStart...][(dataStart + entry.range.lowerBound)...])
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: tensor[..<(count * MemoryLayout<Element>.stride)]))
            initialized = count
        }
    }

    private static let wasWrittenTo = "it was written to while it was read"

    /// Reads all of `bytes` from `offset` on.
    ///
    /// - Throws: what the system says, or that the file has become shorter.
    static func fill(
        _ bytes: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int, path: String
    ) throws(CheckpointError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw CheckpointError(path, .unreadable(count < 0 ? String(cString: strerror(errno)) : wasWrittenTo))
            }
            done += count
        }
    }
}

// MARK: - The header

extension SafetensorsFile {
    private struct Header: Decodable {
        struct Tensor: Decodable {
            let dtype: String
            let shape: [Int]
            let data_offsets: [Int]
        }

        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var tensors: [String: Tensor] = [:]
        var metadata: [String: String] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    tensors[key.stringValue] = try container.decode(Tensor.self, forKey: key)
                }
            }
        }
    }

    private static func read(
        _ count: Int, from descriptor: Int32, at offset: Int, path: String
    ) throws(CheckpointError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { bytes in
            Result { () throws(CheckpointError) in try fill(bytes, from: descriptor, at: offset, path: path) }
        }.get()
        return bytes
    }

    /// Whether an open file is whole, and one of the product's own.
    static func isCheckpoint(_ descriptor: Int32) -> Bool {
        let header = try? readHeader(of: descriptor, path: "")
        return header?.metadata["format"] == "made"
    }

    private static func readHeader(
        of descriptor: Int32, path: String
    ) throws(CheckpointError) -> (entries: [String: Entry], metadata: [String: String], text: [UInt8]) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CheckpointError(path, .unreadable(String(cString: strerror(errno))))
        }
        try checkKind(of: status, path: path)
        let size = Int(status.st_size)
        guard size >= 8 else {
            throw CheckpointError(path, .notSafetensors("it has \(size) bytes, fewer than the 8 of a header length"))
        }
        let first = try read(8, from: descriptor, at: 0, path: path)
        let length = first.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(headerBytesMax), length <= UInt64(size - 8) else {
            throw CheckpointError(
                path,
                .notSafetensors(
                    "its header claims \(length) bytes; the file has \(size), the limit is \(headerBytesMax)"))
        }
        let text = try read(Int(length), from: descriptor, at: 8, path: path)
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(text))
        } catch {
            throw CheckpointError(path, .notSafetensors("its header is not the JSON object that the format asks for"))
        }
        let entries = try checkedEntries(header.tensors, dataBytes: size - 8 - text.count, path: path)
        return (entries, header.metadata, text)
    }

    private static func checkedEntries(
        _ tensors: [String: Header.Tensor], dataBytes: Int, path: String
    ) throws(CheckpointError) -> [String: Entry] {
        let widths = [
            "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
            "U16": 2, "U32": 4, "U64": 8,
        ]
        var entries: [String: Entry] = [:]
        for (name, tensor) in tensors {
            guard let width = widths[tensor.dtype] else {
                throw CheckpointError(path, .wrongType(tensor: name, found: tensor.dtype, expected: "a known type"))
            }
            var bytes = width
            for dimension in tensor.shape {
                let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
                guard dimension >= 0, !overflow else {
                    throw CheckpointError(
                        path, .badShape(tensor: name, shape: tensor.shape, expected: "a size that fits"))
                }
                bytes = product
            }
            guard tensor.data_offsets.count == 2, tensor.data_offsets[0] >= 0,
                tensor.data_offsets[1] >= tensor.data_offsets[0], tensor.data_offsets[1] <= dataBytes,
                tensor.data_offsets[1] - tensor.data_offsets[0] == bytes
            else {
                throw CheckpointError(
                    path, .badOffsets(tensor: name, offsets: tensor.data_offsets, bytes: bytes, dataBytes: dataBytes))
            }
            entries[name] = Entry(
                dtype: tensor.dtype, shape: tensor.shape, range: tensor.data_offsets[0]..<tensor.data_offsets[1])
        }
        var end = 0
        // Empty tensors share their offset with the one that follows.
        for (name, entry) in entries.sorted(by: {
            ($0.value.range.lowerBound, $0.value.range.upperBound) < (
                $1.value.range.lowerBound, $1.value.range.upperBound
            )
        }) {
            guard entry.range.lowerBound == end else {
                throw CheckpointError(
                    path, .holesOrOverlaps(tensor: name, begin: entry.range.lowerBound, expected: end))
            }
            end = entry.range.upperBound
        }
        guard end == dataBytes else {
            throw CheckpointError(path, .notSafetensors("\(dataBytes - end) bytes follow its last tensor"))
        }
        return entries
    }
}
