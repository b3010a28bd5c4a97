/// Formats of tables and archives that are not text, known by their first bytes.
public enum ForeignFormat: Sendable, CaseIterable, CustomStringConvertible {
    /// Columns of Apache Parquet.
    case parquet
    /// A database of SQLite 3.
    case sqlite
    /// A workbook of Excel since 2007.
    case xlsx
    /// A workbook of Excel before 2007.
    case xls
    /// Any other zip archive.
    case zip
    /// Apache Arrow's file format, and Feather.
    case arrow
    /// Columns of Apache ORC.
    case orc
    /// Rows of Apache Avro.
    case avro
    /// HDF5, also that of pandas.
    case hdf5
    /// One array of NumPy.
    case numpy
    /// A document in PDF.
    case pdf
    /// Anything compressed with bzip2.
    case bzip2
    /// Anything compressed with xz.
    case xz
    /// An archive of tar.
    case tar
    /// Data compressed with gzip within compressed data.
    case gzip
    /// Data compressed with zstd within compressed data.
    case zstd

    /// What it is, with an article where it takes one.
    public var description: String {
        switch self {
        case .parquet: "a Parquet file"
        case .sqlite: "an SQLite database"
        case .xlsx: "an Excel workbook"
        case .xls: "an Excel workbook of the old format"
        case .zip: "a zip archive"
        case .arrow: "an Arrow or Feather file"
        case .orc: "an ORC file"
        case .avro: "an Avro file"
        case .hdf5: "an HDF5 file"
        case .numpy: "a NumPy array"
        case .pdf: "a PDF document"
        case .bzip2: "bzip2 data"
        case .xz: "xz data"
        case .tar: "a tar archive"
        case .gzip: "gzip data"
        case .zstd: "zstd data"
        }
    }

    /// How names of such files end.
    var suffix: String {
        switch self {
        case .parquet: ".parquet"
        case .sqlite: ".sqlite"
        case .xlsx: ".xlsx"
        case .xls: ".xls"
        case .zip: ".zip"
        case .arrow: ".arrow"
        case .orc: ".orc"
        case .avro: ".avro"
        case .hdf5: ".h5"
        case .numpy: ".npy"
        case .pdf: ".pdf"
        case .bzip2: ".bz2"
        case .xz: ".xz"
        case .tar: ".tar"
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }
}
