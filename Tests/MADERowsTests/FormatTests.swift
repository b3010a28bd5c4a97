import Foundation
import Testing

@testable import MADERows

private let duckDB = "duckdb -csv -nullvalue '' -c"

private func bytes(_ text: String, _ more: [UInt8] = [0, 1, 2]) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) } + more
}

private func pandas(_ frame: String, _ name: String) -> String {
    "python3 -c 'import sys, pandas; pandas.\(frame).to_csv(sys.stdout, index=False)' §\(name)"
}

private let jsonArray =
    "a JSON array, not one row a line; this pipe writes one row a line: python3 -c "
    + "'import json, sys; [print(json.dumps(row)) for row in json.load(open(sys.argv[1]))]' §x.json"

private let advice: [(bytes: [UInt8], name: String, message: String)] = [
    (bytes("PAR1\u{15}"), "x.parquet", "a Parquet file; this pipe makes text of it: \(duckDB) \"from '§x.parquet'\""),
    (bytes("PAR1\u{15}"), "x", "a Parquet file; this pipe makes text of it: \(duckDB) \"from read_parquet('§x')\""),
    (
        bytes("SQLite format 3\0"), "x.db",
        "an SQLite database; with the name of a table for TABLE, this pipe makes text of it: "
            + "sqlite3 -header -csv §x.db 'select * from TABLE'"
    ),
    (
        bytes("PK\u{3}\u{4}"), "x.xlsx",
        "an Excel workbook; this pipe makes text of it: \(duckDB) "
            + "\"install excel; load excel; from read_xlsx('§x.xlsx')\""
    ),
    (
        bytes("PK\u{3}\u{4}") + [UInt8](repeating: 0, count: 23) + bytes("[Content_Types].xml"), "x",
        "an Excel workbook; this pipe makes text of it: \(duckDB) \"install excel; load excel; from read_xlsx('§x')\""
    ),
    (
        bytes("PK\u{3}\u{4}"), "x.zip",
        "a zip archive; if it holds one file of text, this pipe reads it: unzip -p §x.zip"
    ),
    (
        bytes("\u{d0}\u{cf}\u{11}\u{e0}"), "x.xls",
        "an Excel workbook of the old format; this makes text of its first sheet: "
            + "libreoffice --headless --convert-to csv §x.xls && cat x.csv"
    ),
    (
        bytes("ARROW1\0\0"), "x.arrow",
        "an Arrow or Feather file; this pipe makes text of it: python3 -c "
            + "'import sys, pandas; pandas.read_feather(sys.argv[1]).to_csv(sys.stdout, index=False)' §x.arrow"
    ),
    (
        bytes("ORC"), "x.orc",
        "an ORC file; this pipe makes text of it: python3 -c "
            + "'import sys, pandas; pandas.read_orc(sys.argv[1]).to_csv(sys.stdout, index=False)' §x.orc"
    ),
    (
        bytes("Obj\u{1}"), "x.avro",
        "an Avro file; this pipe makes text of it: \(duckDB) \"install avro; load avro; from read_avro('§x.avro')\""
    ),
    (
        bytes("\u{89}HDF\r\n\u{1a}\n"), "x.h5",
        "an HDF5 file; with the name of a dataset for DATASET, this pipe makes text of it: python3 -c "
            + "'import h5py, sys, pandas; pandas.DataFrame(h5py.File(sys.argv[1])[\"DATASET\"][:])"
            + ".add_prefix(\"x\").to_csv(sys.stdout, index=False)' §x.h5"
    ),
    (
        bytes("\u{93}NUMPY"), "x.npy",
        "a NumPy array; this pipe makes text of it: python3 -c 'import numpy, sys, pandas; "
            + "pandas.DataFrame(numpy.load(sys.argv[1])).add_prefix(\"x\").to_csv(sys.stdout, index=False)' §x.npy"
    ),
    (bytes("BZh91AY&SY"), "x.csv.bz2", "bzip2 data; this pipe makes text of it: bzip2 -dc §x.csv.bz2"),
    (bytes("\u{fd}7zXZ\0"), "x.csv.xz", "xz data; this pipe makes text of it: xz -dc §x.csv.xz"),
    (bytes("[{\"a\":1},{\"a\":2}]", []), "x.json", jsonArray), (bytes(" [\n  {\"a\": 1}]", []), "x.json", jsonArray),
    (bytes("[[1,2],[3,4]]\n", []), "x.json", jsonArray), (bytes("[\n[1,2]\n]\n", []), "x.json", jsonArray),
    (
        bytes("{\n\"a\": 1\n}\n", []), "x.json",
        "JSON of more than one line a row; this pipe writes one row a line: jq -c . §x.json"
    ),
    (
        bytes("{\"a b\":{\"0\":1,\"1\":2}}", []), "x.json",
        "a JSON object of columns, not one row a line; this pipe makes text of it: "
            + pandas("read_json(sys.argv[1])", "x.json")
    ),
    (
        bytes("{\"columns\":[\"a\"],\"index\":[0],\"data\":[[1]]}", []), "x.json",
        "a JSON object of columns and data, not one row a line; this pipe makes text of it: "
            + pandas("read_json(sys.argv[1], orient=\"split\")", "x.json")
    ),
    (
        bytes("{\"schema\": {\"fields\": [", []), "x.json",
        "a JSON object of a schema and data, not one row a line; this pipe makes text of it: "
            + pandas("read_json(sys.argv[1], orient=\"table\")", "x.json")
    ),
    (
        bytes("\n<!DOCTYPE HTML><p>", []), "x",
        "an HTML page; this pipe makes text of its first table: " + pandas("read_html(sys.argv[1])[0]", "x")
    ),
    (
        bytes("\u{ef}\u{bb}\u{bf}<?xml version=\"1.0\"?>", []), "x.xml",
        "an XML document; this pipe makes text of it: " + pandas("read_xml(sys.argv[1])", "x.xml")
    ),
    (
        bytes("% iris\n%\n@RELATION iris\n", []), "x.arff",
        "an ARFF file; this pipe makes text of it: awk 'd && !/^%/; tolower($1) == \"@attribute\" { h = h s $2; s = \",\" } "
            + "tolower($1) == \"@data\" { print h; d = 1 }' §x.arff"
    ),
    (
        bytes("\u{80}\u{4}"), "x.pkl",
        "a pickle of Python; if you trust it, as it may run code, this pipe makes text of it: "
            + pandas("read_pickle(sys.argv[1])", "x.pkl")
    ),
    (
        [0x72, 2, 1, 0], "x.dta",
        "a Stata file; this pipe makes text of it: " + pandas("read_stata(sys.argv[1])", "x.dta")
    ),
    (
        bytes("<stata_dta><header>", []), "x.dta",
        "a Stata file; this pipe makes text of it: " + pandas("read_stata(sys.argv[1])", "x.dta")
    ),
    (
        bytes("$FL2@(#) SPSS", []), "x.sav",
        "an SPSS file; this pipe makes text of it: " + pandas("read_spss(sys.argv[1])", "x.sav")
    ),
    (
        [UInt8](repeating: 0, count: 12) + [0xc2, 0xea, 0x81, 0x60], "x.sas7bdat",
        "a SAS file; this pipe makes text of it: "
            + pandas("read_sas(sys.argv[1], format=\"sas7bdat\", encoding=\"latin-1\")", "x.sas7bdat")
    ),
    (
        bytes("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", []), "x.xpt",
        "a SAS transport file; this pipe makes text of it: "
            + pandas("read_sas(sys.argv[1], format=\"xport\", encoding=\"latin-1\")", "x.xpt")
    ),
    (
        bytes("X\n\0\0\0"), "x.rds",
        "an object of R; this pipe makes text of it: "
            + "Rscript -e 'write.csv(readRDS(commandArgs(TRUE)[1]), row.names = FALSE, na = \"\")' §x.rds"
    ),
    (
        bytes("a.csv") + [UInt8](repeating: 0, count: 249) + bytes("ustar"), "x.tar",
        "a tar archive; this pipe makes text of it: tar -xOf §x.tar"
    ),
]

@Test func whatIsNoTextNamesThePipeThatMakesSomeOfIt() throws {
    let folder = try TestFolder()
    for (bytes, name, message) in advice {
        let path = try folder.write(bytes, name)
        let expected = message.split(separator: "§").joined(separator: folder.url.path + "/")
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
            == "x.pdf: is a PDF document, not a table; export its table as CSV where it was made")
    for text in ["CREATE TABLE t (a int);\n", "--\n-- PostgreSQL database dump\n", "INSERT INTO t VALUES (1);\n"] {
        #expect(
            try folder.refusal(bytes(text, []), "x.sql")
                == "x.sql: is a dump of SQL, not a table; export its table as CSV where it was made")
    }
    #expect(
        try folder.refusal(bytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", []), "x.csv")
            == "x.csv: is a pointer of Git LFS; git lfs pull puts the file in its place")
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
        (bytes("PAR1\u{15}"), "a Parquet file; this command makes text of it: \(duckDB) \"from 'file.parquet'\""),
        (bytes("BZh91AY&SY"), "bzip2 data; this command makes text of it: bzip2 -dc file.bz2"),
    ] {
        let descriptor = open(try folder.write(bytes), O_RDONLY)
        let error = #expect(throws: TextSourceError.self) {
            try TextSource(FileReader(descriptor: descriptor, path: "-", isOwner: true))
        }
        #expect(error?.description == "standard input: is \(expected)")
    }
}

@Test func wordsThatFormatsBeginWithMayBeginAHeader() throws {
    let folder = try TestFolder()
    let rows = [
        "[1,2]\n[3,4]\n", "[\"a\",2]\n", "[]\n", "[s],[m]\n1,2\n", "{\"a\":{\"b\":1}}\n", "{}\n", "version,https\n",
        "<a>,<b>\n1,2\n",
        "{\"a\":{\"0\":1}}\n{\"a\":{\"0\":2}}\n", "{\"columns\":[1]}\n", "% a,b\n", "create,table\n1,2\n", "[", "{",
        "-- a\n",
    ]
    for text in rows + [
        "PAR1,PAR2\n1,2\n", "ORC,ELF\n1,2\n", "FEA1\n", "BZh9,b\n", "Obj,a\n", "PK,id\n", "ARROW1\n", "P",
    ] {
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
