internal import MADE
internal import MADERows

/// Drawn rows as bytes.
struct SampleWriter {
    let samples: Samples
    let text: RowText
    /// Values of a row.
    let variableCount: Int
    /// Chooses the days of dates.
    let seed: UInt64
    /// Cells that all rows have.
    let given: GivenCells?
    /// Rows are objects keyed by name, not arrays.
    let writesObjects: Bool

    /// A document whose rows can be posted to /score as they are.
    func json(nameMembers: [UInt8]) -> [UInt8] {
        var json = JSONWriter(capacity: 256 + 4 * samples.rows.count + 24 * samples.logLikelihoods.count)
        json.beginObject()
        json.raw(nameMembers)
        json.member("seed", seed)
        json.key("rows")
        json.beginArray()
        for index in samples.logLikelihoods.indices {
            text.write(row(index), asObject: writesObjects, given: given, draw: draw(index), to: &json)
        }
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
        var json = JSONWriter(capacity: 4 * samples.rows.count)
        for index in samples.logLikelihoods.indices {
            text.write(row(index), asObject: writesObjects, given: given, draw: draw(index), to: &json)
            json.endLine()
        }
        return json.bytes
    }

    /// A header of names, then a row a line (RFC 4180).
    func csv() -> [UInt8] {
        var bytes = text.csvHeader
        bytes.append(contentsOf: "\n".utf8)
        for index in samples.logLikelihoods.indices {
            text.appendCSV(row(index), given: given, draw: draw(index), to: &bytes)
            bytes.append(contentsOf: "\n".utf8)
        }
        return bytes
    }

    private func draw(_ index: Int) -> UInt64 { Samples.draw(seed: seed, row: index) }

    private func row(_ index: Int) -> ArraySlice<Float> {
        samples.rows[index * variableCount..<(index + 1) * variableCount]
    }
}
