/// Formats of tables and archives other than text with a row a line, known by their first bytes.
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
    /// One array of JSON, of objects or arrays: its rows.
    case jsonArray
    /// JSON of several lines a row.
    case jsonObjects
    /// An object of JSON by column and row number, as pandas writes by default.
    case jsonColumns
    /// An object of JSON with the names of the columns and an array of rows, as pandas writes.
    case jsonSplit
    /// An object of JSON with a schema and an array of rows, as pandas writes.
    case jsonTable
    /// A page of HTML.
    case html
    /// A document in XML.
    case xml
    /// The format of Weka.
    case arff
    /// Statements that make tables.
    case sql
    /// What Git keeps of a large file in its place.
    case gitLFS
    /// Objects of Python.
    case pickle
    /// A table of Stata.
    case stata
    /// A table of SPSS.
    case spss
    /// A table of SAS.
    case sas
    /// A table of SAS in its transport format.
    case sasTransport
    /// One object of R.
    case rds

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
        case .jsonArray: "a JSON array, not one row a line"
        case .jsonObjects: "JSON of more than one line a row"
        case .jsonColumns: "a JSON object of columns, not one row a line"
        case .jsonSplit: "a JSON object of columns and data, not one row a line"
        case .jsonTable: "a JSON object of a schema and data, not one row a line"
        case .html: "an HTML page"
        case .xml: "an XML document"
        case .arff: "an ARFF file"
        case .sql: "a dump of SQL"
        case .gitLFS: "a pointer of Git LFS"
        case .pickle: "a pickle of Python"
        case .stata: "a Stata file"
        case .spss: "an SPSS file"
        case .sas: "a SAS file"
        case .sasTransport: "a SAS transport file"
        case .rds: "an object of R"
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
        case .jsonArray, .jsonObjects, .jsonColumns, .jsonSplit, .jsonTable: ".json"
        case .html: ".html"
        case .xml: ".xml"
        case .arff: ".arff"
        case .sql: ".sql"
        case .gitLFS: ".csv"
        case .pickle: ".pkl"
        case .stata: ".dta"
        case .spss: ".sav"
        case .sas: ".sas7bdat"
        case .sasTransport: ".xpt"
        case .rds: ".rds"
        }
    }
}
