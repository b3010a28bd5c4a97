internal import MADE

/// Drawn rows as bytes.
struct SampleWriter {
    let samples: Samples
    let variables: [Variable]
    /// Rows are objects keyed by name, not arrays.
    let writesObjects: Bool

    /// The document that can be posted to /score as it is.
    func json(nameMembers: [UInt8], seed: UInt64) -> [UInt8] {
        var json = JSONWriter(capacity: 256 + 2 * samples.rows.count + 24 * samples.logLikelihoods.count)
        json.beginObject()
        json.raw(nameMembers)
        json.member("seed", seed)
        json.key("rows")
        json.beginArray()
        for row in samples.logLikelihoods.indices { write(row, to: &json) }
        json.endArray()
        json.key("log_likelihood")
        json.beginArray()
        for value in samples.logLikelihoods { json.number(value) }
        json.endArray()
        if let size = samples.effectiveSampleSize { json.member("effective_sample_size", size) }
        json.endObject()
        return json.bytes
    }

    /// A row a line.
    func ndjson() -> [UInt8] {
        var json = JSONWriter(capacity: 2 * samples.rows.count)
        for row in samples.logLikelihoods.indices {
            write(row, to: &json)
            json.endLine()
        }
        return json.bytes
    }

    /// A header of names, then a row a line (RFC 4180).
    func csv() -> [UInt8] {
        var bytes = Array(variables.map { csvCell($0.name) }.joined(separator: ",").utf8)
        bytes.append(contentsOf: "\r\n".utf8)
        for row in samples.logLikelihoods.indices {
            for (column, variable) in variables.enumerated() {
                if column > 0 { bytes.append(UInt8(ascii: ",")) }
                switch variable.kind {
                case .binary: bytes.append(value(row, column) == 1 ? UInt8(ascii: "1") : UInt8(ascii: "0"))
                case .categorical, .real: preconditionFailure("only binary variables are handled here")
                }
            }
            bytes.append(contentsOf: "\r\n".utf8)
        }
        return bytes
    }

    private func value(_ row: Int, _ column: Int) -> Float {
        samples.rows[row * variables.count + column]
    }

    private func write(_ row: Int, to json: inout JSONWriter) {
        if writesObjects { json.beginObject() } else { json.beginArray() }
        for (column, variable) in variables.enumerated() {
            if writesObjects { json.key(variable.name) }
            switch variable.kind {
            case .binary: json.integer(value(row, column) == 1 ? 1 : 0)
            case .categorical, .real: preconditionFailure("only binary variables are handled here")
            }
        }
        if writesObjects { json.endObject() } else { json.endArray() }
    }
}

/// A text as a cell of CSV (RFC 4180).
public func csvCell(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 >= 0x20 }
    if isPlain { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
