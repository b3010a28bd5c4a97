internal import Codecs
internal import Glibc

/// A body as it was before it was compressed.
///
/// `@unchecked Sendable`: plain memory, written by `init` only.
final class ExpandedBody: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private let count: Int

    /// Expands all of `coded`; takes the memory first.
    ///
    /// - Throws: 400 for data that are damaged or end early, 413 where they hold more than a body may, and what `takeMemory` throws.
    init(
        _ coded: UnsafeRawBufferPointer, _ codec: Codec, bytesMax: Int, takeMemory: (Int) throws(Problem) -> Void
    ) throws(Problem) {
        var expansion = try BodyExpansion(codec, bytesMax: bytesMax, setting: "body-bytes-max")
        var memory: UnsafeMutableRawPointer?
        do throws(Problem) {
            let count = try Self.expand(coded, &expansion, bytesMax: bytesMax, into: &memory, takeMemory)
            guard let whole = realloc(memory, count + scanPadding) else { throw .memory }
            memory = whole
            (whole + count).initializeMemory(as: UInt8.self, repeating: 0, count: scanPadding)
            self.memory = whole
            self.count = count
        } catch {
            free(memory)
            throw error
        }
    }

    deinit { free(memory) }

    /// With `scanPadding` zeros behind their end.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    private static func expand(
        _ coded: UnsafeRawBufferPointer, _ expansion: inout BodyExpansion, bytesMax: Int,
        into memory: inout UnsafeMutableRawPointer?, _ takeMemory: (Int) throws(Problem) -> Void
    ) throws(Problem) -> Int {
        var rest = coded
        var (count, capacity) = (0, 0)
        while !rest.isEmpty || expansion.mayHoldOutput {
            if capacity - count < BodyExpansion.stepBytes {
                let larger = min(
                    max(2 * capacity, 4 * BodyExpansion.stepBytes), bytesMax + 4 * BodyExpansion.stepBytes)
                try takeMemory(larger - capacity)
                capacity = larger
                guard let larger = realloc(memory, capacity) else { throw .memory }
                memory = larger
            }
            let target = UnsafeMutableRawBufferPointer(start: memory, count: count + BodyExpansion.stepBytes)
            try expansion.expand(&rest, into: target, count: &count)
        }
        try expansion.finish()
        return count
    }
}
