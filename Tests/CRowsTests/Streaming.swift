import CRows
import Foundation

/// What a stream gave, copied out of its memory.
struct Streamed: Equatable {
    struct Fault: Equatable {
        var fault: made_row_fault
        var row: Int
        var column: Int
        var text: String
        var line: String
    }

    enum Kept: Equatable {
        case absent
        case text(String)
        case json(String)
    }

    var status = MADE_STREAM_OK
    var name = ""
    var header = MADE_HEADER_PRESENT
    var rowCount = 0
    var specialRowCount = 0
    var faults: [Fault] = []
    var kept: [Kept] = []
    /// Bits, so that NaN equals NaN.
    var matrix: [UInt32] = []
    var numbers: [Double] = []

    var values: [Float] { matrix.map(Float.init(bitPattern:)) }

    /// Adds what one read gave.
    mutating func add(_ read: made_stream_read, keptCount: Int) {
        for error in UnsafeBufferPointer(start: read.errors, count: read.error_count) {
            faults.append(
                Fault(
                    fault: error.fault, row: rowCount + error.row, column: error.column, text: string(error.text),
                    line: string(error.line)))
        }
        for cell in UnsafeBufferPointer(start: read.kept, count: read.row_count * keptCount) {
            kept.append(cell.is_absent ? .absent : cell.is_json ? .json(string(cell.text)) : .text(string(cell.text)))
        }
        rowCount += read.row_count
        specialRowCount += read.special_row_count
        status = read.status
        header = read.header
        name = string(read.name)
    }
}

private let abc = [Column(name: "a"), Column(name: "b"), Column(name: "c")]

/// Reads pieces as a stream of rows; by default of three binary columns a, b and c.
func stream(
    _ pieces: [[UInt8]], _ format: made_stream_format, columns: [Column] = abc, places: [Place] = [],
    header: made_stream_header = MADE_HEADER_PRESENT, options: made_row_options = made_row_options(),
    kept: [String] = [], rowsMax: Int = 1 << 20
) -> Streamed {
    var result = Streamed()
    let texts = Texts()
    guard let schema = makeSchema(columns, places: places),
        let stream = made_row_stream_create(schema, options, format, header, texts.list(kept), kept.count)
    else { return result }
    defer {
        made_row_stream_free(stream)
        made_row_schema_free(schema)
    }
    var buffer = made_row_buffer()
    defer {
        free(buffer.values)
        free(buffer.numbers)
    }
    for (index, piece) in pieces.enumerated() {
        // A block of exactly this size, so that the address sanitizer sees every byte read too many.
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(piece.count, 1), alignment: 1)
        defer { block.deallocate() }
        block.copyMemory(from: piece, byteCount: piece.count)
        var taken = 0
        while true {
            let read = made_row_stream_read(
                stream, block.assumingMemoryBound(to: CChar.self) + taken, piece.count - taken,
                index == pieces.count - 1, rowsMax, &buffer)
            taken += read.byte_count
            result.add(read, keptCount: kept.count)
            if read.row_count < rowsMax || read.status != MADE_STREAM_OK { break }
        }
        if result.status != MADE_STREAM_OK { break }
    }
    result.matrix = (0..<buffer.count).map { buffer.values?[$0].bitPattern ?? 0 }
    if let numbers = buffer.numbers { result.numbers = (0..<buffer.count).map { numbers[$0] } }
    return result
}

/// Reads a text as a stream, whole and cut into two at every byte and at all bytes, which must be the same.
func streamAnyhow(
    _ text: String, _ format: made_stream_format, columns: [Column] = abc, places: [Place] = [],
    header: made_stream_header = MADE_HEADER_PRESENT, options: made_row_options = made_row_options(),
    kept: [String] = []
) -> (whole: Streamed, firstDifference: Int?) {
    let bytes = Array(text.utf8)
    func read(_ pieces: [[UInt8]]) -> Streamed {
        stream(
            pieces, format, columns: columns, places: places, header: header, options: options, kept: kept)
    }
    let whole = read([bytes])
    for cut in 0...bytes.count where read([Array(bytes[..<cut]), Array(bytes[cut...])]) != whole {
        return (whole, cut)
    }
    return (whole, read(bytes.map { [$0] } + [[]]) == whole ? nil : -1)
}
