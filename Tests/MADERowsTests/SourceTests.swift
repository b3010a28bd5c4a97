import Foundation
import Testing

@testable import MADERows

@Test func aPipeHandsOutAtOnceWhatItHas() throws {
    for bytes in [Array("a,b\n1,2\n".utf8), Array("a\n".utf8)] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        try #require(write(ends[1], bytes, bytes.count) == bytes.count)
        let source = try TextSource(FileReader(descriptor: ends[0], path: "-", isOwner: false))
        #expect(Array(source.rest) == bytes && source.byteCount == nil)
        source.drop(bytes.count)
        try #require(write(ends[1], "é\n", 3) == 3)
        #expect(try source.refill())
        #expect(String(decoding: source.rest, as: UTF8.self) == "é\n")
        source.drop(3)
        close(ends[1])
        #expect(try !source.refill() && !source.refill())
        #expect(source.consumedByteCount == bytes.count + 3)
    }
}

@Test func theFirstPieceCanBeReadAgain() throws {
    let folder = try TestFolder()
    let bytes = [UInt8](repeating: 0x61, count: 1 << 18) + Array("\nb".utf8)
    let source = try TextSource(path: folder.write(bytes))
    #expect(source.byteCount == bytes.count)
    #expect(source.rest.count == 1 << 18)
    source.drop(100)
    #expect(source.rest.count == (1 << 18) - 100 && source.consumedByteCount == 100)
    #expect(source.rewind() && source.consumedByteCount == 0)
    #expect(try source.all() == bytes)
    #expect(!source.rewind())
    let whole = PieceSizes(readByteCount: 1, areFilled: true)
    let filled = try TextSource(FileReader(path: folder.write(Array("a,b\n1,2\n".utf8))), whole)
    #expect(String(decoding: filled.rest, as: UTF8.self) == "a,b\n1,2\n")
}

@Test func theByteCountIsThatOfTheText() throws {
    let folder = try TestFolder()
    let text = "a,b\n1,2\n"
    #expect(try TextSource(path: folder.write([0xef, 0xbb, 0xbf] + Array(text.utf8))).byteCount == 8)
    #expect(try TextSource(path: folder.write(utf16(text, isBigEndian: true, hasMark: true))).byteCount == 8)
    let descriptor = open(try folder.write(Array(text.utf8)), O_RDONLY)
    lseek(descriptor, 4, SEEK_SET)
    #expect(try TextSource(FileReader(descriptor: descriptor, path: "-", isOwner: true)).byteCount == 4)
}

@Test func whatCannotBeReadSaysWhy() throws {
    let folder = try TestFolder()
    func message(_ path: String) -> String? {
        #expect(throws: TextSourceError.self) { try TextSource(path: path) }?.description
    }
    #expect(message(folder.path("none.csv")) == "\(folder.path("none.csv")): cannot be read: there is no such file")
    #expect(message(folder.url.path) == "\(folder.url.path): is a directory; a file is expected")
    let path = try folder.write([])
    #expect(message(path + "/x") == "\(path)/x: cannot be read: a part of its path is not a directory")
    let closed = #expect(throws: TextSourceError.self) {
        try TextSource(FileReader(descriptor: -1, path: "-", isOwner: false))
    }
    #expect(closed?.description == "standard input: cannot be read: it is closed")
    if getuid() != 0 {
        chmod(path, 0)
        #expect(message(path) == "\(path): cannot be read: permission is denied")
    }
}
