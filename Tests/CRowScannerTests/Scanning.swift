import CRowScanner
import Foundation

/// One column of a test's table.
struct Column {
    var name: String
    var kind = MADE_COLUMN_BINARY
    var labels: [String] = []
    var other: String?
}

/// A schema that nothing else owns; to be freed.
func makeSchema(_ columns: [Column]) -> OpaquePointer? {
    var owned: [UnsafeMutablePointer<CChar>?] = []
    func text(_ string: String) -> made_text {
        owned.append(strdup(string))
        return made_text(bytes: UnsafePointer(owned.last ?? nil), count: string.utf8.count)
    }
    let labels = columns.map { column in
        let copy = UnsafeMutablePointer<made_text>.allocate(capacity: max(column.labels.count, 1))
        for (index, label) in column.labels.enumerated() { copy[index] = text(label) }
        return copy
    }
    defer {
        owned.forEach { free($0) }
        labels.forEach { $0.deallocate() }
    }
    let table = zip(columns, labels).map { column, labels in
        made_column(
            name: text(column.name), kind: column.kind, labels: UnsafePointer(labels),
            label_count: column.labels.count,
            other_label: column.other.flatMap(column.labels.firstIndex) ?? noLabel)
    }
    return table.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { made_row_schema_create($0, buffer.count) } ?? nil
    }
}

/// `MADE_NO_LABEL`, which is an expression that Swift does not import.
let noLabel = Int(bitPattern: UInt.max)

/// What a scan gave, copied out of the scanner's memory.
struct Scanned: Equatable {
    struct Fault: Equatable {
        var fault: made_row_fault
        var row: Int
        var column = 0
        var found = 0
        var text = ""
    }

    var status: made_scan_status
    var offset: Int?
    var reason: String?
    var name = ""
    var hasRows = false
    var rowCount = 0
    var faults: [Fault] = []
    var missingRowCount = 0
    var members: [String: String] = [:]
    /// Bits, so that NaN equals NaN.
    var matrix: [UInt32] = []

    var values: [Float] { matrix.map(Float.init(bitPattern:)) }
}

/// A scanner with a table.
final class Scanning {
    private let scanner = made_row_scanner_create()
    private let schema: OpaquePointer?
    var request: made_scan_request
    private let member = strdup("rows")

    init(
        _ columns: [Column], isSingleRow: Bool = false, isTensor: Bool = false,
        rowsMax: Int = 1 << 20
    ) {
        schema = makeSchema(columns)
        request = made_scan_request(
            schema: schema, member: made_text(bytes: member, count: 4), is_single_row: isSingleRow,
            is_tensor: isTensor, is_required: true, rows_max: rowsMax,
            values_max: 1 << 30)
    }

    deinit {
        made_row_scanner_free(scanner)
        made_row_schema_free(schema)
        free(member)
    }

    func callAsFunction(_ text: String) -> Scanned { self(Array(text.utf8)) }

    /// `padding` fills the bytes after the body's end.
    func callAsFunction(_ body: [UInt8], padding: UInt8 = 0) -> Scanned {
        guard let scanner else { return Scanned(status: MADE_SCAN_OUT_OF_MEMORY) }
        // A block of exactly this size, so that the address sanitizer sees every byte read too many.
        let byteCount = body.count + MADE_SCAN_PADDING
        let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 1)
        defer { block.deallocate() }
        block.initializeMemory(as: UInt8.self, repeating: padding, count: byteCount)
        block.copyMemory(from: body, byteCount: body.count)
        var buffer = made_float_buffer()
        defer { free(buffer.values) }
        let scan = made_row_scanner_scan(
            scanner, &request, block.assumingMemoryBound(to: CChar.self), body.count, &buffer)
        var result = Scanned(status: scan.status)
        result.offset = scan.offset < 0 ? nil : scan.offset
        result.reason = scan.reason.map { String(cString: $0) }
        result.name = string(scan.name)
        result.hasRows = scan.has_rows
        result.rowCount = scan.row_count
        result.missingRowCount = scan.missing_row_count
        result.faults = (0..<scan.error_count).compactMap { index in
            scan.errors.map { errors in
                Scanned.Fault(
                    fault: errors[index].fault, row: errors[index].row, column: errors[index].column,
                    found: errors[index].found, text: string(errors[index].text))
            }
        }
        for index in 0..<scan.member_count {
            guard let member = scan.members?[index] else { continue }
            result.members[string(member.name)] = string(member.json)
        }
        result.matrix = (0..<buffer.count).map { buffer.values?[$0].bitPattern ?? 0 }
        return result
    }
}

func string(_ text: made_text) -> String {
    guard let bytes = text.bytes else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: text.count), as: UTF8.self)
}
