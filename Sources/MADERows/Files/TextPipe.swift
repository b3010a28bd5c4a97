internal import Codecs

/// A command line that makes text of a file of a foreign format and pipes it on.
struct TextPipe {
    /// What to know about it, and the command line, to follow the name of the format in a sentence.
    let advice: String

    /// Nil where no common program does it. A file from standard input has a placeholder for its name.
    init?(_ format: ForeignFormat, path: String, within compression: TextSource.Compression?, command: String?) {
        let end = Self.end(command)
        // What nothing reads is no pipe.
        let words = { (advice: String) in command == nil ? advice.replacing("this pipe", with: "this command") : advice
        }
        let outer = path == "-" ? "file\(format.suffix)\(compression?.suffix ?? "")" : path
        guard let compression else {
            guard let step = Self.step(format, path: outer) else { return nil }
            advice = words(step.advice) + step.program(Shell.file(outer)) + end
            return
        }
        let decompress = "\(compression.program) \(Shell.file(outer))"
        if let filter = Self.filter(format) {
            advice = "\(Self.plain): \(decompress) | \(filter)\(end)"
            return
        }
        // These programs move about in the file, which a pipe does not allow.
        let isNamed = outer.hasSuffix(compression.suffix) && outer.count > compression.suffix.count
        let inner = isNamed ? String(outer.dropLast(compression.suffix.count)) : outer + format.suffix
        guard let step = Self.step(format, path: inner) else { return nil }
        let file = Shell.file(inner)
        advice = words(step.advice) + "\(decompress) > \(file) && \(step.program(file))\(end)"
    }

    /// How `command` reads what a pipe hands it; nothing where it is not known.
    static func end(_ command: String?) -> String { command.map { " | \($0)" } ?? "" }

    private static let plain = "; this pipe makes text of it"

    /// The names of the attributes as a header, and the lines behind `@data` without comments.
    private static let arffProgram =
        #"d && !/^%/; tolower($1) == "@attribute" { h = h s $2; s = "," } tolower($1) == "@data" { print h; d = 1 }"#

    private typealias Step = (advice: String, program: (String) -> String)

    /// What to know, and the program with its arguments for a file, whose name for a shell it takes.
    private static func step(_ format: ForeignFormat, path: String) -> Step? {
        switch format {
        case .parquet:
            let isKnown = path.lowercased().hasSuffix(".parquet")
            let table = isKnown ? Shell.text(path) : "read_parquet(\(Shell.text(path)))"
            return (plain + ": ", { _ in duckDB("from \(table)") })
        case .xlsx:
            return (plain + ": ", { _ in duckDB("install excel; load excel; from read_xlsx(\(Shell.text(path)))") })
        case .avro:
            return (plain + ": ", { _ in duckDB("install avro; load avro; from read_avro(\(Shell.text(path)))") })
        case .sqlite:
            return (
                "; with the name of a table for TABLE, this pipe makes text of it: ",
                { "sqlite3 -header -csv \($0) 'select * from TABLE'" }
            )
        case .xls:
            let folderless = path.split(separator: "/").last.map(String.init) ?? path
            let stem = folderless.lowercased().hasSuffix(".xls") ? String(folderless.dropLast(4)) : folderless
            let text = Shell.file(stem + ".csv")
            return (
                "; this makes text of its first sheet: ",
                { "libreoffice --headless --convert-to csv \($0) && cat \(text)" }
            )
        case .zip: return ("; if it holds one file of text, this pipe reads it: ", { "unzip -p \($0)" })
        case .arrow: return (plain + ": ", pandas("pandas.read_feather(sys.argv[1])"))
        case .orc: return (plain + ": ", pandas("pandas.read_orc(sys.argv[1])"))
        case .hdf5:
            return (
                "; with the name of a dataset for DATASET, this pipe makes text of it: ",
                pandas("pandas.DataFrame(h5py.File(sys.argv[1])[\"DATASET\"][:]).add_prefix(\"x\")", imports: "h5py, ")
            )
        case .numpy:
            let frame = "pandas.DataFrame(numpy.load(sys.argv[1])).add_prefix(\"x\")"
            return (plain + ": ", pandas(frame, imports: "numpy, "))
        case .jsonArray:
            let program = "import json, sys; [print(json.dumps(row)) for row in json.load(open(sys.argv[1]))]"
            return ("; this pipe writes one row a line: ", { "python3 -c \(Shell.quoted(program)) \($0)" })
        case .jsonObjects: return ("; this pipe writes one row a line: ", { "jq -c . \($0)" })
        case .jsonColumns: return (plain + ": ", pandas("pandas.read_json(sys.argv[1])"))
        case .jsonSplit: return (plain + ": ", pandas("pandas.read_json(sys.argv[1], orient=\"split\")"))
        case .jsonTable: return (plain + ": ", pandas("pandas.read_json(sys.argv[1], orient=\"table\")"))
        case .html: return ("; this pipe makes text of its first table: ", pandas("pandas.read_html(sys.argv[1])[0]"))
        case .xml: return (plain + ": ", pandas("pandas.read_xml(sys.argv[1])"))
        case .arff: return (plain + ": ", { "awk \(Shell.quoted(arffProgram)) \($0)" })
        case .pickle:
            return (
                "; if you trust it, as it may run code, this pipe makes text of it: ",
                pandas("pandas.read_pickle(sys.argv[1])")
            )
        case .stata: return (plain + ": ", pandas("pandas.read_stata(sys.argv[1])"))
        case .spss: return (plain + ": ", pandas("pandas.read_spss(sys.argv[1])"))
        case .sas:
            return (plain + ": ", pandas("pandas.read_sas(sys.argv[1], format=\"sas7bdat\", encoding=\"latin-1\")"))
        case .sasTransport:
            return (plain + ": ", pandas("pandas.read_sas(sys.argv[1], format=\"xport\", encoding=\"latin-1\")"))
        case .rds:
            return (
                plain + ": ",
                { "Rscript -e 'write.csv(readRDS(commandArgs(TRUE)[1]), row.names = FALSE, na = \"\")' \($0)" }
            )
        case .pdf, .sql, .gitLFS: return nil
        case .bzip2, .xz, .tar, .gzip, .zstd:
            guard let filter = filter(format) else { return nil }
            return (plain + ": ", { format == .tar ? "tar -xOf \($0)" : "\(filter) \($0)" })
        }
    }

    /// The program that makes text of its standard input.
    private static func filter(_ format: ForeignFormat) -> String? {
        switch format {
        case .bzip2: "bzip2 -dc"
        case .xz: "xz -dc"
        case .tar: "tar -xO"
        case .gzip: TextSource.Compression.gzip.program
        case .zstd: TextSource.Compression.zstd.program
        default: nil
        }
    }

    /// Without a null value of its own, DuckDB writes NULL, which might be a label.
    private static func duckDB(_ query: String) -> String {
        "duckdb -csv -nullvalue '' -c \(Shell.quoted(query))"
    }

    private static func pandas(_ frame: String, imports: String = "") -> (String) -> String {
        let program = "import \(imports)sys, pandas; \(frame).to_csv(sys.stdout, index=False)"
        return { "python3 -c \(Shell.quoted(program)) \($0)" }
    }
}

/// Writes texts for a command line.
enum Shell {
    /// The name of a file as one word, which no program takes for an option.
    static func file(_ path: String, placeholder: String = "file") -> String {
        guard path != "-" else { return placeholder }
        let isPlain = path.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xff:
                true
            default: "-_./,:@%+=".utf8.contains($0)
            }
        }
        let name = path.hasPrefix("-") ? "./" + path : path
        return isPlain && !name.isEmpty ? name : quoted(name)
    }

    /// One word for a shell: in double quotes where it has single ones, and nothing that means something in double ones.
    static func quoted(_ text: String) -> String {
        if text.utf8.contains(UInt8(ascii: "'")) && !text.utf8.contains(where: { "\"$`\\!".utf8.contains($0) }) {
            return "\"\(text)\""
        }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// A literal of SQL.
    static func text(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
