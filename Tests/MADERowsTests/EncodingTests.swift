import Foundation
import Testing

@testable import MADERows

private let text = "name,größe €\nZoë,1\n東京,\u{1f600}2\n\u{0},\u{10ffff}\u{e000}\n"

/// Each byte that belongs to no character of UTF-8 is one of Windows-1252.
private func obvious(_ bytes: [UInt8]) -> [UInt8] {
    var output = [UInt8]()
    var place = 0
    while place < bytes.count {
        let length = (1...4).first { length in
            place + length <= bytes.count
                && String(validating: bytes[place..<(place + length)], as: UTF8.self)?.unicodeScalars.count == 1
        }
        if let length {
            output += bytes[place..<(place + length)]
        } else {
            let byte = bytes[place]
            let isDefined = ![0x81, 0x8d, 0x8f, 0x90, 0x9d].contains(byte)
            let text = isDefined ? String(bytes: [byte], encoding: .windowsCP1252) : nil
            output += Array((text ?? String(Unicode.Scalar(byte))).utf8)
        }
        place += length ?? 1
    }
    return output
}

/// Bytes at the bounds of what may follow what, and whole characters, between runs of ASCII.
private func randomBytes(_ random: inout some RandomNumberGenerator) -> [UInt8] {
    let bounds: [UInt8] = [
        0x00, 0x0a, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
        0xee,
        0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff,
    ]
    let characters = ["é", "ࠀ", "€", "\u{d7ff}", "\u{e000}", "\u{10000}", "\u{10ffff}", "ж", "\n"]
    let isValid = Bool.random(using: &random)
    // Text, not UTF-16 nor anything else, by its first bytes.
    var bytes = Array("identifier,some column\n".utf8)
    for _ in 0..<Int.random(in: 0...12, using: &random) {
        switch Int.random(in: 0...(isValid ? 1 : 2), using: &random) {
        case 0: bytes += [UInt8](repeating: 0x61, count: Int.random(in: 0...40, using: &random))
        case 1: bytes += Array((characters.randomElement(using: &random) ?? "").utf8)
        default:
            for _ in 0...Int.random(in: 0...4, using: &random) { bytes += [bounds.randomElement(using: &random) ?? 0] }
        }
    }
    return bytes
}

@Test func randomBytesAreReadAsTheObviousReferenceReadsThem() throws {
    let folder = try TestFolder()
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1000 {
        let bytes = randomBytes(&random)
        let expected = obvious(bytes)
        let sizes = PieceSizes(
            pieceByteCount: Int.random(in: 16...100, using: &random),
            readByteCount: Int.random(in: 1...70, using: &random))
        #expect(try folder.read(bytes, sizes) == expected, "\(bytes) \(sizes)")
        #expect(try folder.read(bytes) == expected, "\(bytes)")
        let lines = ([0, 0, 0] + bytes).withUnsafeBufferPointer { padded in
            padded.baseAddress.flatMap { UTF8Check.lineCount($0 + 3, count: bytes.count) }
        }
        let isValid = String(validating: bytes, as: UTF8.self) != nil
        // A character that is cut off at the end is not this check's business.
        if isValid || bytes.withUnsafeBytes({ UTF8Check.openByteCount($0) }) == 0 {
            #expect(lines == (isValid ? bytes.count { $0 == 10 } : nil), "\(bytes)")
        }
    }
}

@Test func everyEncodingIsReadWhereverItIsSplit() throws {
    let folder = try TestFolder()
    let marked: [(bytes: [UInt8], remarks: [TextSource.Remark])] = [
        (Array(text.utf8), []),
        ([0xef, 0xbb, 0xbf] + Array(text.utf8), []),
        (utf16(text, isBigEndian: false, hasMark: true), [.utf16]),
        (utf16(text, isBigEndian: true, hasMark: true), [.utf16]),
        (utf16(text, isBigEndian: false, hasMark: false), [.utf16]),
        (utf16(text, isBigEndian: true, hasMark: false), [.utf16]),
    ]
    for (bytes, remarks) in marked {
        for size in 1...bytes.count {
            let path = try folder.write(bytes)
            for pieceByteCount in [16, 23, 1 << 18] {
                let sizes = PieceSizes(pieceByteCount: pieceByteCount, readByteCount: size)
                let source = try TextSource(FileReader(path: path), sizes)
                #expect(try source.all() == Array(text.utf8), "\(bytes.prefix(4)) \(sizes)")
                #expect(source.remarks == remarks && source.consumedByteCount == text.utf8.count)
            }
        }
    }
}

@Test func surrogatesWithoutTheirOtherHalfAreReplaced() throws {
    let folder = try TestFolder()
    let units: [UInt16] = [0xfeff, 0x61, 0xd800, 0x62, 0xdc00, 0xd83d, 0xd83d, 0xde00, 0xd800]
    let bytes = units.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    for size in 1...bytes.count {
        let sizes = PieceSizes(pieceByteCount: 16, readByteCount: size)
        #expect(try folder.read(bytes, sizes) == Array("a\u{fffd}b\u{fffd}\u{fffd}😀\u{fffd}".utf8))
        #expect(try folder.read(bytes.dropLast(1), sizes) == Array("a\u{fffd}b\u{fffd}\u{fffd}😀\u{fffd}".utf8))
    }
    #expect(try folder.read([0xff, 0xfe]) == [])
    #expect(try folder.read([0xff, 0xfe, 0x61]) == Array("\u{fffd}".utf8))
}

@Test func latin1IsReadAndSaidWithItsLine() throws {
    let folder = try TestFolder()
    let latin = Array("a,b\n1,2\ngr\u{f6}\u{df}e,\u{80}\n".unicodeScalars.map { UInt8($0.value) })
    for size in 1...latin.count {
        let sizes = PieceSizes(pieceByteCount: 16, readByteCount: size)
        let source = try TextSource(FileReader(path: folder.write(latin)), sizes)
        #expect(try source.all() == Array("a,b\n1,2\ngröße,€\n".utf8))
        #expect(source.remarks == [.windows1252(byteCount: 3, firstLine: 3)])
        #expect(source.remarks[0].description == "line 3 is not UTF-8: 3 bytes were read as Latin-1 (Windows-1252)")
    }
    // Far behind the first piece, on a line that pieces cut.
    let line = Array("Zoë,1,\u{1f600}\n".utf8)
    let long = Array(repeatElement(line, count: 30_000).joined()) + [0xe9] + line
    let source = try TextSource(path: folder.write(long))
    #expect(try source.all() == Array(long.prefix(30_000 * line.count)) + Array("é".utf8) + line)
    #expect(source.remarks == [.windows1252(byteCount: 1, firstLine: 30_001)])
    #expect(source.remarks[0].description == "line 30001 is not UTF-8: 1 byte was read as Latin-1 (Windows-1252)")
    // A character that the end cuts off.
    #expect(try folder.read(Array("ab\n€".utf8.dropLast())) == Array("ab\nâ‚".utf8))
}

@Test func nullBytesInTextStay() throws {
    let folder = try TestFolder()
    let bytes = Array("a,b\n\0,1\nx\0\0y,2\n".utf8)
    for size in 1...bytes.count { #expect(try folder.read(bytes, PieceSizes(readByteCount: size)) == bytes) }
    #expect(try folder.read([]) == [])
    #expect(try folder.read([0x61]) == [0x61])
}
