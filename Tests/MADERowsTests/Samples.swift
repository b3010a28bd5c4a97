import CZlib
import CZstd
import Foundation
import Testing

@testable import MADERows

/// A folder that goes away with the test.
final class TestFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("made-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func write(_ bytes: [UInt8], _ name: String = "table.csv") throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    /// What a file of these bytes is read as.
    func read(_ bytes: [UInt8], _ sizes: PieceSizes = PieceSizes()) throws -> [UInt8] {
        try TextSource(FileReader(path: write(bytes)), sizes).all()
    }

    /// The error that a file of these bytes is refused with.
    func refusal(_ bytes: [UInt8], _ name: String, command: String = "made train -") throws -> String {
        let path = try write(bytes, name)
        let error = #expect(throws: TextSourceError.self) { try TextSource(path: path, command: command).all() }
        return error?.description.split(separator: url.path + "/").joined() ?? ""
    }
}

extension TextSource {
    /// All the bytes that are left.
    @discardableResult
    func all() throws -> [UInt8] {
        var bytes = [UInt8]()
        repeat {
            bytes += rest
            drop(rest.count)
        } while try refill()
        return bytes
    }
}

func gzip(_ bytes: [UInt8], level: Int32 = 6) throws -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    try #require(deflateInit2_(&stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
    defer { deflateEnd(&stream) }
    var bytes = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 8 + 100)
    let count = bytes.withUnsafeMutableBufferPointer { bytes in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = bytes.baseAddress
            stream.avail_in = UInt32(bytes.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            return deflate(&stream, Z_FINISH) == Z_STREAM_END ? output.count - Int(stream.avail_out) : 0
        }
    }
    try #require(count > 0)
    return Array(output[..<count])
}

/// With a checksum.
func zstd(_ bytes: [UInt8], windowLog: Int32 = 0) throws -> [UInt8] {
    let context = try #require(ZSTD_createCCtx())
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    if windowLog > 0 {
        // The size of the content would make a smaller window do.
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
    }
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count) + 64)
    var given = ZSTD_outBuffer()
    let status = bytes.withUnsafeBytes { bytes in
        output.withUnsafeMutableBytes { output in
            given = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            // In two steps: in one, the window would be that of the content.
            var first = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            _ = ZSTD_compressStream2(context, &given, &first, ZSTD_e_continue)
            return ZSTD_compressStream2(context, &given, &first, ZSTD_e_end)
        }
    }
    try #require(status == 0)
    return Array(output[..<given.pos])
}

func utf16(_ text: String, isBigEndian: Bool, hasMark: Bool) -> [UInt8] {
    let units = (hasMark ? [0xfeff] : []) + Array(text.utf16)
    return units.flatMap { unit in
        let pair = [UInt8(unit >> 8), UInt8(unit & 0xff)]
        return isBigEndian ? pair : pair.reversed()
    }
}
