/// What bytes may be compressed with.
public enum Codec: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Members of RFC 1952, one behind the other.
    case gzip
    /// Frames of RFC 8878, one behind the other.
    case zstd

    /// Name of the format, which is also that of the content coding of HTTP.
    public var description: String { rawValue }

    /// The largest window that a zstd frame may have as a content coding of HTTP (RFC 9659, section 3), as a power of 2.
    package static let contentWindowLog = 23
    /// The largest window that zstd grants where nothing is said, as a power of 2.
    package static let grantedWindowLog = 27

    /// Nil where memory is short. `windowLogMax` bounds what a zstd frame may ask for.
    package func makeDecompressor(windowLogMax: Int = grantedWindowLog) -> (any Decompressor)? {
        switch self {
        case .gzip: GzipDecompressor()
        case .zstd: ZstdDecompressor(windowLogMax: windowLogMax)
        }
    }

    /// Nil where memory is short.
    package func makeCompressor() -> (any Compressor)? {
        switch self {
        case .gzip: GzipCompressor()
        case .zstd: ZstdCompressor()
        }
    }
}
