import Foundation
import Testing

@testable import MADERows

/// DuckDB's library comes from PyPI, into a folder beside the build; it has no command of its own, which stands in for it.
private let setup = """
    set -e
    if ! [ -e "$1/complete" ]; then
        python3 -m venv "$1"
        "$1/bin/python" -m pip install --quiet --retries 1 --timeout 15 duckdb
        cat > "$1/bin/duckdb" <<'END'
    #!/bin/sh
    exec "$(dirname "$0")/python" -c 'import csv, duckdb, sys
    words = sys.argv[1:]
    table = duckdb.sql(words[words.index("-c") + 1])
    null = words[words.index("-nullvalue") + 1]
    out = csv.writer(sys.stdout, lineterminator="\\n")
    out.writerow(table.columns)
    out.writerows([null if cell is None else cell for cell in row] for row in table.fetchall())' "$@"
    END
        chmod +x "$1/bin/duckdb"
        touch "$1/complete"
    fi
    """

@Test func theNamedPipeReadsAParquetFile() throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let venv = package.appendingPathComponent(".build/duckdb").path
    let preparation = try run(["sh", "-c", setup, "sh", venv])
    guard preparation.status == 0 else {
        print("skipped: duckdb cannot be installed here: \(preparation.output.split(separator: "\n").last ?? "")")
        return
    }
    let folder = try TestFolder()
    let path = folder.path("it's a table $1.parquet")
    let query = "copy (select 1 as \"größe\", 'a,b' as text, null as x union all select 2, 'c', 'd') to "
    _ = try run(
        ["\(venv)/bin/python", "-c", "import duckdb, sys; duckdb.sql(sys.argv[1])", query + Shell.text(path)])
    let error = #expect(throws: TextSourceError.self) { try TextSource(path: path, command: "made train -") }
    let message = try #require(error?.description)
    let command = try #require(message.split(separator: "text of it: ").last)
    #expect(command.hasSuffix(" | made train -"))

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command.dropLast("made train -".count) + "cat"]
    process.environment = ["PATH": "\(venv)/bin:/usr/bin:/bin"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    let source = try TextSource(FileReader(descriptor: descriptor, path: "-", isOwner: false))
    #expect(try String(decoding: source.all(), as: UTF8.self) == "größe,text,x\n1,\"a,b\",\n2,c,d\n")
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
}

private func run(_ words: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
}
