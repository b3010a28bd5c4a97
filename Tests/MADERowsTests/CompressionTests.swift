import Codecs
import Foundation
import Testing

@testable import MADERows

private let text = Array("name,size\nZoë,1\nBob,2\n\u{1f600},3\n".utf8)

@Test func compressedTextIsReadWhereverItIsSplit() throws {
    let folder = try TestFolder()
    let skipped: [UInt8] = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]
    let wide = utf16(String(decoding: text, as: UTF8.self), isBigEndian: false, hasMark: true)
    let cases: [(bytes: [UInt8], expected: [UInt8], remarks: [TextSource.Remark])] = [
        (try gzip(text), text, [.gzip]),
        (try gzip(text, level: 0), text, [.gzip]),
        (try gzip(text) + gzip([]) + gzip(text), text + text, [.gzip]),
        (try gzip(text) + [0, 0, 0, 0], text, [.gzip]),
        (try gzip([]), [], [.gzip]),
        (try gzip(wide), text, [.gzip, .utf16]),
        (try gzip([0xef, 0xbb, 0xbf] + text), text, [.gzip]),
        (try gzip([0x61, 10, 0xe9]), Array("a\né".utf8), [.gzip, .windows1252(byteCount: 1, firstLine: 2)]),
        (try zstd(text), text, [.zstd]),
        (try zstd(text) + skipped + zstd(text), text + text, [.zstd]),
        (try skipped + zstd(text), text, [.zstd]),
        (try zstd([]), [], [.zstd]),
        (try zstd(wide), text, [.zstd, .utf16]),
    ]
    for (bytes, expected, remarks) in cases {
        for size in 1...bytes.count {
            let sizes = PieceSizes(pieceByteCount: 16, readByteCount: size, areFilled: size % 2 == 0)
            let source = try TextSource(FileReader(path: folder.write(bytes)), sizes)
            #expect(try source.all() == expected, "\(bytes) \(sizes)")
            #expect(source.remarks == remarks && source.byteCount == nil)
        }
    }
}

@Test func muchCompressedTextIsReadInPieces() throws {
    let folder = try TestFolder()
    let much = Array(repeatElement(text, count: 12_000).joined())
    for bytes in [try gzip(much), try zstd(much), try gzip(much, level: 0)] {
        let source = try TextSource(path: folder.write(bytes))
        #expect(try source.all() == much)
        #expect(source.consumedByteCount == much.count)
    }
}

@Test func whatIsCutOffSaysWhereItEnds() throws {
    let folder = try TestFolder()
    for (name, bytes) in [("gzip", try gzip(text)), ("zstd", try zstd(text))] {
        for count in (name == "gzip" ? 2 : 4)..<bytes.count {
            let expected = "table.csv: the \(name) data end early, after \(count) bytes"
            let refusal = try folder.refusal(Array(bytes[..<count]), "table.csv")
            #expect(refusal == expected)
        }
        // What came before is handed out.
        let path = try folder.write(Array((bytes + bytes).dropLast(3)))
        let source = try TextSource(path: path)
        var found = [UInt8]()
        #expect(
            throws: TextSourceError(
                path: path,
                problem: .endsEarly(name == "gzip" ? .gzip : .zstd, afterByteCount: 2 * bytes.count - 3))
        ) {
            repeat {
                found += source.rest
                source.drop(source.rest.count)
            } while try source.refill()
        }
        #expect(found.starts(with: text))
    }
}

@Test func damagedDataAreFoundOrMakeNoDifference() throws {
    let folder = try TestFolder()
    for (bytes, start) in [(try gzip(text), 2), (try zstd(text), 4), (try gzip(text) + gzip(text), 2)] {
        let whole = try folder.read(bytes)
        for place in start..<bytes.count {
            for change in [0xff, 0x01, 0x80, 0x10] as [UInt8] {
                var damaged = bytes
                damaged[place] ^= change
                for size in [1, 1 << 18] {
                    do {
                        let found = try folder.read(damaged, PieceSizes(readByteCount: size))
                        #expect(found == whole, "byte \(place) changed by \(change)")
                    } catch let error as TextSourceError {
                        #expect(error.description.contains("data"), "\(error)")
                    }
                }
            }
        }
    }
    var damaged = try gzip(text)
    damaged[damaged.count - 6] ^= 1
    #expect(
        try folder.refusal(damaged, "table.csv")
            == "table.csv: the gzip data are corrupt at byte \(damaged.count - 4): incorrect data check")
    #expect(
        try folder.refusal(gzip(text) + Array("more".utf8), "table.csv")
            == "table.csv: the gzip data are corrupt at byte \(gzip(text).count): what follows the end is not gzip")
    #expect(
        try folder.refusal(zstd(text) + Array("more".utf8), "table.csv").hasPrefix(
            "table.csv: the zstd data are corrupt at byte "))
}

@Test func aWindowThatNeedsMuchMemoryNamesThePipe() throws {
    let folder = try TestFolder()
    // The byte behind the frame's descriptor says how large the window is.
    let bytes = try zstd(Array("a\n1\n".utf8), windowLog: 20)
    var large = bytes
    large[5] = (28 - 10) << 3
    #expect(
        try folder.refusal(large, "big.zst", command: "made score m -")
            .hasPrefix("big.zst: the zstd data need a window of more than 128 MiB, which zstd grants on request: "))
    #expect(try folder.refusal(large, "big.zst").hasSuffix("zstd -dc --long=31 big.zst | made train -"))
}
