internal import Codecs

/// The first bytes of a file, which tell what it is.
struct Head {
    /// No more than these are looked at.
    static let byteCountMax = 512

    private let bytes: UnsafeRawBufferPointer.SubSequence
    /// The same as text in lower case, without a byte order mark and blanks before it.
    private let text: String

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes.prefix(Self.byteCountMax)
        let isMarked = self.bytes.starts(with: Self.byteOrderMark)
        let start = self.bytes.dropFirst(isMarked ? Self.byteOrderMark.count : 0).drop { Self.blanks.contains($0) }
        text = String(decoding: start, as: UTF8.self).lowercased()
    }

    /// Whether more bytes may tell more: not where text has begun, for which somebody may wait.
    var isUnclear: Bool {
        guard bytes.count < Self.byteCountMax, compression == nil else { return false }
        return bytes.count < 2 || hasControls || Self.marks.contains { $0.starts(with: bytes) }
            || isUnclearText
    }

    private var isUnclearText: Bool {
        if Self.words.contains(where: { $0.word.hasPrefix(text) }) { return true }
        if text.hasPrefix("%") { return "@relation".hasPrefix(Self.withoutComments(text)) }
        guard beginsJSON else { return false }
        return !text.contains(where: \.isNewline) || text.dropFirst().allSatisfy(\.isWhitespace)
    }

    /// What the bytes are compressed with, if this program can decompress it.
    var compression: TextSource.Compression? {
        if bytes.starts(with: Self.gzip) { return .gzip }
        if bytes.starts(with: Self.zstd) { return .zstd }
        // Frames to be skipped, with which zstd data may begin.
        let isSkippable = bytes.count >= 4 && bytes[0] & 0xf0 == 0x50 && bytes[1...3].elementsEqual(Self.skippable)
        return isSkippable ? .zstd : nil
    }

    /// What the bytes are, where they are no text.
    func foreignFormat(path: String) -> ForeignFormat? {
        switch compression {
        case .gzip: return .gzip
        case .zstd: return .zstd
        case nil: break
        }
        for magic in Self.magics where bytes.starts(with: magic.bytes) && (!magic.isWord || hasControls) {
            return magic.format == .zip && holdsWorkbook(path: path) ? .xlsx : magic.format
        }
        let isTar = bytes.count >= 262 && bytes[257..<262].elementsEqual("ustar".utf8)
        return isTar ? .tar : wordFormat ?? jsonFormat
    }

    /// What a text is that begins with a word of a language for something else than rows.
    private var wordFormat: ForeignFormat? {
        if let found = Self.words.first(where: { text.hasPrefix($0.word) }) { return found.format }
        return text.hasPrefix("%") && Self.withoutComments(text).hasPrefix("@relation") ? .arff : nil
    }

    /// An ARFF file behind its first comments.
    private static func withoutComments(_ text: String) -> Substring {
        var text = text[...]
        while text.hasPrefix("%") {
            text = text.drop { !$0.isNewline }.drop { $0.isWhitespace }
        }
        return text
    }

    private var beginsJSON: Bool { text.hasPrefix("[") || text.hasPrefix("{") }

    /// What JSON is that has no row in its first line.
    private var jsonFormat: ForeignFormat? {
        guard beginsJSON else { return nil }
        let inner = text.dropFirst().drop { $0.isWhitespace }
        guard let next = inner.first else { return nil }
        let isBroken = text.dropFirst().prefix { $0.isWhitespace }.contains(where: \.isNewline)
        if text.hasPrefix("[") { return isBroken || next == "{" || next == "[" ? .jsonArray : nil }
        if isBroken { return .jsonObjects }
        // What pandas writes of a whole table: one line, its index 0, 1, 2, …
        guard next == "\"", !text.contains(where: \.isNewline) else { return nil }
        let parts = inner.dropFirst().split(separator: "\"", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let value = parts[1].filter { !$0.isWhitespace }
        if value.hasPrefix(":{\"0\":") { return .jsonColumns }
        if parts[0] == "columns", value.hasPrefix(":[") { return .jsonSplit }
        return parts[0] == "schema" && value.hasPrefix(":{\"fields\":") ? .jsonTable : nil
    }

    /// How the text is encoded, and how many bytes of byte order mark come before it.
    var encoding: (encoding: Encoding, markByteCount: Int) {
        if bytes.starts(with: Self.byteOrderMark) { return (.utf8, Self.byteOrderMark.count) }
        if bytes.starts(with: [0xff, 0xfe]) { return (.utf16(isBigEndian: false), 2) }
        if bytes.starts(with: [0xfe, 0xff]) { return (.utf16(isBigEndian: true), 2) }
        let units = bytes.count / 2
        var zeros = [0, 0]
        for place in 0..<2 * units where bytes[place] == 0 { zeros[place % 2] += 1 }
        func isMostly(_ place: Int) -> Bool {
            units >= 2 && zeros[place] * 2 >= units && zeros[1 - place] * 8 <= zeros[place]
        }
        if isMostly(1) { return (.utf16(isBigEndian: false), 0) }
        if isMostly(0) { return (.utf16(isBigEndian: true), 0) }
        return (.utf8, 0)
    }

    /// Encodings that are told apart; what is not valid UTF-8 is found where it stands.
    enum Encoding: Equatable {
        case utf8
        case utf16(isBigEndian: Bool)
    }

    /// Whether there are bytes that text in a byte-wise encoding has no use for.
    private var hasControls: Bool { bytes.contains(where: Self.isControl) }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && !(9...13).contains(byte) }

    /// Whether a zip archive is an Excel workbook, going by its name or its first entry.
    private func holdsWorkbook(path: String) -> Bool {
        let name = path.lowercased()
        if [".xlsx", ".xlsm"].contains(where: name.hasSuffix) { return true }
        if [".docx", ".pptx", ".zip"].contains(where: name.hasSuffix) { return false }
        let entry = bytes.dropFirst(30)
        return ["[Content_Types].xml", "_rels/", "docProps/", "xl/"].contains { entry.starts(with: $0.utf8) }
    }
}

extension Head {
    private static let gzip: [UInt8] = [0x1f, 0x8b]
    private static let zstd: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
    private static let skippable: [UInt8] = [0x2a, 0x4d, 0x18]

    /// The bytes with which files of a format begin.
    private struct Magic {
        let bytes: [UInt8]
        let format: ForeignFormat
        /// Whether a header may begin so, too, as that of a column PAR1; in the format other than text follows.
        var isWord = false
    }

    private static let magics: [Magic] =
        [
            Magic(bytes: Array("PAR1".utf8), format: .parquet, isWord: true),
            Magic(bytes: Array("SQLite format 3\0".utf8), format: .sqlite),
            Magic(bytes: [0x50, 0x4b, 3, 4], format: .zip),
            Magic(bytes: [0xd0, 0xcf, 0x11, 0xe0], format: .xls),
            Magic(bytes: Array("ARROW1\0\0".utf8), format: .arrow),
            Magic(bytes: Array("FEA1".utf8), format: .arrow, isWord: true),
            Magic(bytes: Array("ORC".utf8), format: .orc, isWord: true),
            Magic(bytes: Array("Obj\u{1}".utf8), format: .avro),
            Magic(bytes: [0x89] + Array("HDF\r\n".utf8), format: .hdf5),
            Magic(bytes: [0x93] + Array("NUMPY".utf8), format: .numpy),
            Magic(bytes: Array("%PDF-".utf8), format: .pdf),
            Magic(bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], format: .xz),
            Magic(bytes: [UInt8](repeating: 0, count: 12) + [0xc2, 0xea, 0x81, 0x60], format: .sas),
            Magic(bytes: Array("X\n\0\0\0".utf8), format: .rds),
        ]
        + stataHeads.map { Magic(bytes: $0, format: .stata) }
        // Protocols of pickle.
        + (2...5).map { Magic(bytes: [0x80, $0], format: .pickle) }
        // A level; then the digits of π before the first block, or those of its root before the end.
        + (UInt8(ascii: "1")...UInt8(ascii: "9")).flatMap { level in
            [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]].map {
                Magic(bytes: Array("BZh".utf8) + [level] + $0, format: .bzip2)
            }
        }

    /// Of UTF-8.
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    private static let blanks: [UInt8] = [0x20, 9, 10, 13]

    /// How texts begin that are no rows, in lower case.
    private static let words: [(word: String, format: ForeignFormat)] = [
        ("<!doctype html", .html), ("<html", .html), ("<table", .html), ("<?xml", .xml), ("@relation", .arff),
        ("<stata_dta>", .stata), ("header record*******lib", .sasTransport), ("$fl2@(#)", .spss), ("$fl3@(#)", .spss),
        ("version https://git-lfs.github.com/spec/", .gitLFS), ("create table ", .sql), ("insert into ", .sql),
        ("pragma foreign_keys", .sql), ("begin transaction;", .sql), ("-- mysql dump", .sql), ("-- mariadb dump", .sql),
        ("--\n-- postgresql database dump", .sql), ("-- postgresql database dump", .sql),
    ]

    /// Tables of Stata before release 13, by version and byte order.
    private static let stataHeads: [[UInt8]] = [0x71, 0x72, 0x73].flatMap { version in
        [1, 2].map { order in [version, order, 1, 0] }
    }

    /// All that a first byte or more is compared with.
    private static let marks: [[UInt8]] =
        magics.map(\.bytes) + [gzip, zstd, byteOrderMark] + (0x50...0x5f).map { [$0] + skippable }
}
