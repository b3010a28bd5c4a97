public import Codecs

/// The text of a file or of standard input as UTF-8, in pieces and in constant memory.
///
/// Data compressed with gzip or zstd are decompressed, UTF-16 is converted, and bytes that are not UTF-8 are read as
/// Windows-1252; `remarks` tell of all that. A byte order mark is left out. Formats that are not text are refused.
public final class TextSource {
    /// What text may be compressed with.
    public typealias Compression = Codec

    /// Bytes of UTF-8 in the whole text, near enough for an estimate of memory; nil where they cannot be known, as of a pipe
    /// and of compressed data.
    public let byteCount: Int?
    /// Bytes of UTF-8 that were dropped, which are those read by whoever drops what it has read.
    public private(set) var consumedByteCount = 0

    private let compression: Compression?
    private let decoder: any TextDecoder
    private let sizes: PieceSizes
    private var piece = UnsafeRawBufferPointer(start: nil, count: 0)
    private var position = 0
    private var isAtFirstPiece = true

    /// Opens `path` and reads the first piece; `-` is standard input, which stays open.
    ///
    /// `command` is what reads standard input in the pipes that errors name, where that is known. Where
    /// `fillsPieces`, each piece is as large as it can be, so that the first one shows as much of a pipe as of a file; else
    /// what a pipe has is handed out at once.
    ///
    /// - Throws: `TextSourceError` where the file cannot be read or is not text.
    public convenience init(
        path: String, command: String? = nil, fillsPieces: Bool = false
    ) throws(TextSourceError) {
        try self.init(FileReader(path: path), command: command, PieceSizes(areFilled: fillsPieces))
    }

    /// Text that is in memory, which errors call `name`.
    convenience init(_ bytes: [UInt8], name: String) throws(TextSourceError) {
        try self.init(
            MemoryReader(bytes), path: name, byteCount: bytes.count, command: nil, PieceSizes(areFilled: true))
    }

    convenience init(
        _ file: FileReader, command: String? = nil, _ sizes: PieceSizes = PieceSizes()
    ) throws(TextSourceError) {
        try self.init(file, path: file.path, byteCount: file.byteCount, command: command, sizes)
    }

    private init(
        _ reader: any ByteReader, path: String, byteCount fileByteCount: Int?, command: String?, _ sizes: PieceSizes
    ) throws(TextSourceError) {
        self.sizes = sizes
        var readBuffer = ReadBuffer(reader, sizes)
        try readBuffer.readHead()
        compression = Head(readBuffer.rest).compression
        if let compression {
            readBuffer = try ReadBuffer(CompressedReader(readBuffer, compression, path: path, command: command), sizes)
            try readBuffer.readHead()
        }
        let head = Head(readBuffer.rest)
        if let format = head.foreignFormat(path: path) {
            throw TextSourceError(path: path, problem: .foreign(format, within: compression, command: command))
        }
        let (encoding, markByteCount) = head.encoding
        readBuffer.drop(markByteCount)
        let textByteCount = compression == nil ? fileByteCount : nil
        switch encoding {
        case .utf8:
            byteCount = textByteCount.map { $0 - markByteCount }
            decoder = UTF8Decoder(readBuffer, sizes)
        case .utf16(let isBigEndian):
            byteCount = textByteCount.map { ($0 - markByteCount) / 2 }
            decoder = UTF16Decoder(readBuffer, isBigEndian: isBigEndian, sizes)
        }
        piece = try decoder.next()
    }

    /// What was read and not dropped, whole characters of UTF-8; it holds until the next call of `refill`. At first, the
    /// first piece.
    public var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: piece[position...]) }

    /// The lines of `rest` that are whole: all of it where it is surely the last piece, else up to the last line end.
    var wholeLines: UnsafeRawBufferPointer {
        let rest = self.rest
        // UTF-16 takes twice as many bytes as its text.
        if sizes.areFilled, piece.count < sizes.pieceByteCount / 4 { return rest }
        let end = rest.lastIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        return end.map { UnsafeRawBufferPointer(rebasing: rest[...$0]) } ?? rest
    }

    /// Goes on behind the first `count` bytes of `rest`.
    public func drop(_ count: Int) {
        precondition(count >= 0 && count <= piece.count - position, "no more can be dropped than there is")
        position += count
        consumedByteCount += count
    }

    /// Reads the next piece, of at most 256 KiB and a few bytes, where all of this one is dropped; false at the end.
    ///
    /// - Throws: `TextSourceError` where the file cannot be read or decompressed; what came before was handed out.
    public func refill() throws(TextSourceError) -> Bool {
        precondition(position == piece.count, "all must be dropped before more is read")
        let next = try decoder.next()
        guard !next.isEmpty else { return false }
        piece = next
        position = 0
        isAtFirstPiece = false
        return true
    }

    /// Goes back to the start of the text, for who has looked at the first piece; false where a second one was read.
    public func rewind() -> Bool {
        guard isAtFirstPiece else { return false }
        position = 0
        consumedByteCount = 0
        return true
    }

    /// How what was read differed from plain UTF-8.
    public var remarks: [Remark] {
        var remarks = [Remark]()
        switch compression {
        case .gzip: remarks.append(.gzip)
        case .zstd: remarks.append(.zstd)
        case nil: break
        }
        switch decoder {
        case is UTF16Decoder: remarks.append(.utf16)
        case let decoder as UTF8Decoder where decoder.convertedByteCount > 0:
            remarks.append(
                .windows1252(byteCount: decoder.convertedByteCount, firstLine: decoder.firstConvertedLine))
        default: break
        }
        return remarks
    }
}

extension Codec {
    var suffix: String { self == .gzip ? ".gz" : ".zst" }
    /// What decompresses to standard output.
    var program: String { "\(rawValue) -dc" }
}
