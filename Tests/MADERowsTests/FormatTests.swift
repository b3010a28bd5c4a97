import Foundation
import Testing

@testable import MADERows

private let duckDB = "duckdb -csv -nullvalue '' -c"

private func bytes(_ text: String, _ more: [UInt8] = [0, 1, 2]) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) } + more
}

private let advice: [(bytes: [UInt8], name: String, message: String)] = [
    (bytes("PAR1\u{15}"), "x.parquet", "a Parquet file; this pipe makes text of it: \(duckDB) \"from '@x.parquet'\""),
    (bytes("PAR1\u{15}"), "x", "a Parquet file; this pipe makes text of it: \(duckDB) \"from read_parquet('@x')\""),
    (
        bytes("SQLite format 3\0"), "x.db",
        "an SQLite database; with the name of a table for TABLE, this pipe makes text of it: "
            + "sqlite3 -header -csv @x.db 'select * from TABLE'"
    ),
    (
        bytes("PK\u{3}\u{4}"), "x.xlsx",
        "an Excel workbook; this pipe makes text of it: \(duckDB) "
            + "\"install excel; load excel; from read_xlsx('@x.xlsx')\""
    ),
    (
        bytes("PK\u{3}\u{4}") + [UInt8](repeating: 0, count: 23) + bytes("[Content_Types].xml"), "x",
        "an Excel workbook; this pipe makes text of it: \(duckDB) \"install excel; load excel; from read_xlsx('@x')\""
    ),
    (
        bytes("PK\u{3}\u{4}"), "x.zip",
        "a zip archive; if it holds one file of text, this pipe reads it: unzip -p @x.zip"
    ),
    (
        bytes("\u{d0}\u{cf}\u{11}\u{e0}"), "x.xls",
        "an Excel workbook of the old format; this makes text of its first sheet: "
            + "libreoffice --headless --convert-to csv @x.xls && cat x.csv"
    ),
    (
        bytes("ARROW1\0\0"), "x.arrow",
        "an Arrow or Feather file; this pipe makes text of it: python3 -c "
            + "'import sys, pandas; pandas.read_feather(sys.argv[1]).to_csv(sys.stdout, index=False)' @x.arrow"
    ),
    (
        bytes("ORC"), "x.orc",
        "an ORC file; this pipe makes text of it: python3 -c "
            + "'import sys, pandas; pandas.read_orc(sys.argv[1]).to_csv(sys.stdout, index=False)' @x.orc"
    ),
    (
        bytes("Obj\u{1}"), "x.avro",
        "an Avro file; this pipe makes text of it: \(duckDB) \"install avro; load avro; from read_avro('@x.avro')\""
    ),
    (
        bytes("\u{89}HDF\r\n\u{1a}\n"), "x.h5",
        "an HDF5 file; with the name of a dataset for DATASET, this pipe makes text of it: python3 -c "
            + "'import h5py, sys, pandas; pandas.DataFrame(h5py.File(sys.argv[1])[\"DATASET\"][:])"
            + ".add_prefix(\"x\").to_csv(sys.stdout, index=False)' @x.h5"
    ),
    (
        bytes("\u{93}NUMPY"), "x.npy",
        "a NumPy array; this pipe makes text of it: python3 -c 'import numpy, sys, pandas; "
            + "pandas.DataFrame(numpy.load(sys.argv[1])).add_prefix(\"x\").to_csv(sys.stdout, index=False)' @x.npy"
    ),
    (bytes("BZh91AY&SY"), "x.csv.bz2", "bzip2 data; this pipe makes text of it: bzip2 -dc @x.csv.bz2"),
    (bytes("\u{fd}7zXZ\0"), "x.csv.xz", "xz data; this pipe makes text of it: xz -dc @x.csv.xz"),
    (
        bytes("a.csv") + [UInt8](repeating: 0, count: 249) + bytes("ustar"), "x.tar",
        "a tar archive; this pipe makes text of it: tar -xOf @x.tar"
    ),
]

@Test func whatIsNoTextNamesThePipeThatMakesSomeOfIt() throws {
    let folder = try TestFolder()
    for (bytes, name, message) in advice {
        let path = try folder.write(bytes, name)
        let expected = message.split(separator: "@").joined(separator: folder.url.path + "/")
        // A name at the start of a tar archive looks like text, on which nobody should wait for more.
        for size in [name == "x.tar" ? 6 : 1, 7, 1 << 18] {
            let error = #expect(throws: TextSourceError.self) {
                try TextSource(FileReader(path: path), command: "made train -", PieceSizes(readByteCount: size))
            }
            #expect(error?.description == "\(path): is \(expected) | made train -")
        }
    }
    #expect(
        try folder.refusal(bytes("%PDF-1.4"), "x.pdf")
            == "x.pdf: is a PDF document, not text; export its table as CSV where it was made")
}

@Test func formatsWithinCompressedDataAndFromStandardInputHavePipes() throws {
    let folder = try TestFolder()
    let packed = try gzip(bytes("PAR1\u{15}"))
    #expect(
        try folder.refusal(packed, "x.parquet.gz")
            == "x.parquet.gz: holds, compressed with gzip, a Parquet file; this pipe makes text of it: gzip -dc "
            + "x.parquet.gz > x.parquet && \(duckDB) \"from 'x.parquet'\" | made train -")
    #expect(
        try folder.refusal(zstd(gzip(Array("a\n1\n".utf8))), "x.zst")
            == "x.zst: holds, compressed with zstd, gzip data; this pipe makes text of it: "
            + "zstd -dc x.zst | gzip -dc | made train -")
    for (bytes, expected) in [
        (bytes("PAR1\u{15}"), "a Parquet file; this pipe makes text of it: \(duckDB) \"from 'file.parquet'\""),
        (bytes("BZh91AY&SY"), "bzip2 data; this pipe makes text of it: bzip2 -dc file.bz2"),
    ] {
        let descriptor = open(try folder.write(bytes), O_RDONLY)
        let error = #expect(throws: TextSourceError.self) {
            try TextSource(FileReader(descriptor: descriptor, path: "-", isOwner: true))
        }
        #expect(error?.description == "standard input: is \(expected) | made … -")
    }
}

@Test func wordsThatFormatsBeginWithMayBeginAHeader() throws {
    let folder = try TestFolder()
    for text in ["PAR1,PAR2\n1,2\n", "ORC,ELF\n1,2\n", "FEA1\n", "BZh9,b\n", "Obj,a\n", "PK,id\n", "ARROW1\n", "P"] {
        #expect(try folder.read(Array(text.utf8)) == Array(text.utf8))
    }
}

@Test func aShellReadsWhatIsQuoted() throws {
    let names = ["plain.csv", "a b", "it's", "$HOME`x`\"\\!", "-x", "it's $x", "größe", "a;b|c&d", "*?[a]", "~", "#x"]
    for name in names {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "printf '%s|%s' \(Shell.file(name)) \(Shell.quoted(name))"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let found = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(found == (name.hasPrefix("-") ? "./" : "") + "\(name)|\(name)")
    }
    #expect(Shell.text("it's") == "'it''s'")
}
