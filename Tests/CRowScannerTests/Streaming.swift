import CRowScanner
import Foundation

/// What a stream gave, copied out of its memory.
struct Streamed: Equatable {
    struct Fault: Equatable {
        var fault: made_row_fault
        var row: Int
        var column: Int
        var text: String
    }
    var status = MADE_STREAM_OK
    var name = ""
    var header = MADE_HEADER_PRESENT
    var rowCount = 0
    var missingRowCount = 0
    var faults: [Fault] = []
    /// Bits, so that NaN equals NaN.
    var matrix: [UInt32] = []

    var values: [Float] { matrix.map(Float.init(bitPattern:)) }
}

/// Reads pieces as a stream of rows; by default of three binary columns a, b and c.
func stream(
    _ pieces: [[UInt8]], _ format: made_stream_format,
    columns: [Column] = [Column(name: "a"), Column(name: "b"), Column(name: "c")],
    header: made_stream_header = MADE_HEADER_PRESENT, rowsMax: Int = 1 << 20
) -> Streamed {
    var result = Streamed()
    guard let schema = makeSchema(columns), let stream = made_row_stream_create(schema, format, header)
    else { return result }
    defer {
        made_row_stream_free(stream)
        made_row_schema_free(schema)
    }
    var matrix = made_float_buffer()
    defer { free(matrix.values) }
    for (index, piece) in pieces.enumerated() {
        // A block of exactly this size, so that the address sanitizer sees every byte read too many.
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(piece.count, 1), alignment: 1)
        defer { block.deallocate() }
        block.copyMemory(from: piece, byteCount: piece.count)
        var taken = 0
        while true {
            let read = made_row_stream_read(
                stream, block.assumingMemoryBound(to: CChar.self) + taken, piece.count - taken,
                index == pieces.count - 1, rowsMax, &matrix)
            taken += read.byte_count
            for index in 0..<read.error_count {
                guard let error = read.errors?[index] else { continue }
                result.faults.append(
                    Streamed.Fault(
                        fault: error.fault, row: result.rowCount + error.row, column: error.column,
                        text: string(error.text)))
            }
            result.rowCount += read.row_count
            result.missingRowCount += read.missing_row_count
            result.status = read.status
            result.header = read.header
            result.name = string(read.name)
            if read.row_count < rowsMax || read.status != MADE_STREAM_OK { break }
        }
        if result.status != MADE_STREAM_OK { break }
    }
    result.matrix = (0..<matrix.count).map { matrix.values?[$0].bitPattern ?? 0 }
    return result
}
