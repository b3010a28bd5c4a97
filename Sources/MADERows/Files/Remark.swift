extension TextSource {
    /// A way in which a file is not plain UTF-8, but could be read.
    public enum Remark: Sendable, Equatable, CustomStringConvertible {
        /// The file is compressed with gzip.
        case gzip
        /// The file is compressed with zstd.
        case zstd
        /// The text is UTF-16.
        case utf16
        /// So many bytes are not UTF-8; the line of the first, from 1.
        case windows1252(byteCount: Int, firstLine: Int)

        /// One line, in which the file is not named.
        public var description: String {
            switch self {
            case .gzip: "compressed with gzip: decompressed while reading"
            case .zstd: "compressed with zstd: decompressed while reading"
            case .utf16: "encoded in UTF-16: converted to UTF-8 while reading"
            case .windows1252(let count, let line):
                "line \(line) is not UTF-8: \(count) byte\(count == 1 ? " was" : "s were") read as Latin-1 (Windows-1252)"
            }
        }
    }
}
