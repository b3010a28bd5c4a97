import CRows
import Foundation

/// One column of a test's table.
struct Column {
    var name: String
    var kind = MADE_COLUMN_BINARY
    var labels: [String] = []
    var rareLabels: [String] = []
    var areNumbers = false
    var other: String?
    var hasUnseen = false
    var hasMissing = false
    var missing: [String] = []
    var form = Form()
    var centre = 0.0
    var scale = 1.0
    var linearWidth = 0.0
    var atoms: [Double] = []
    var clockUnits = MADE_CLOCK_TEXTS
    var dateOrder = MADE_MONTH_FIRST
}

/// How numbers are written.
struct Form: Equatable {
    var hasDecimalComma = false
    var groupSeparator = ""
    var unit = ""
}

/// A column of the table that a model was trained on.
struct Place {
    var name: String
    var variable: Int?
}

/// Texts as C has them, as long as it lives.
final class Texts {
    private var owned: [UnsafeMutableRawPointer] = []

    deinit { owned.forEach { $0.deallocate() } }

    func text(_ string: String) -> made_text {
        let bytes = Array(string.utf8)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(bytes.count, 1))
        for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
        owned.append(UnsafeMutableRawPointer(copy))
        return made_text(bytes: copy, count: bytes.count)
    }

    func list(_ strings: [String]) -> UnsafePointer<made_text> {
        let copy = UnsafeMutablePointer<made_text>.allocate(capacity: max(strings.count, 1))
        for (index, string) in strings.enumerated() { copy[index] = text(string) }
        owned.append(UnsafeMutableRawPointer(copy))
        return UnsafePointer(copy)
    }

    func numbers(_ numbers: [Double]) -> UnsafePointer<Double> {
        let copy = UnsafeMutablePointer<Double>.allocate(capacity: max(numbers.count, 1))
        copy.initialize(from: numbers, count: numbers.count)
        owned.append(UnsafeMutableRawPointer(copy))
        return UnsafePointer(copy)
    }

    func form(_ form: Form) -> made_number_form {
        made_number_form(
            has_decimal_comma: form.hasDecimalComma,
            group_separator: CChar(bitPattern: form.groupSeparator.utf8.first ?? 0), unit: text(form.unit),
            has_parentheses: false)
    }
}

/// A schema that nothing else owns; to be freed.
func makeSchema(_ columns: [Column], places: [Place] = []) -> OpaquePointer? {
    let texts = Texts()
    let table = columns.map { column in
        made_column(
            name: texts.text(column.name), kind: column.kind, labels: texts.list(column.labels),
            label_count: column.labels.count, rare_labels: texts.list(column.rareLabels),
            rare_label_count: column.rareLabels.count, are_numbers: column.areNumbers,
            other_label: column.other.flatMap((column.labels + column.rareLabels).firstIndex) ?? noLabel,
            has_unseen: column.hasUnseen, has_missing: column.hasMissing, missing: texts.list(column.missing),
            missing_count: column.missing.count,
            form: texts.form(column.form), centre: column.centre, scale: column.scale, linear_width: column.linearWidth,
            atoms: texts.numbers(column.atoms), atom_count: column.atoms.count, clock_units: column.clockUnits,
            date_order: column.dateOrder)
    }
    let whole = places.map { made_table_place(name: texts.text($0.name), column: $0.variable ?? passedOver) }
    return withExtendedLifetime(texts) {
        table.withUnsafeBufferPointer { columns in
            whole.withUnsafeBufferPointer { places in
                guard let first = columns.baseAddress else { return nil }
                // There is always an address, of no places too.
                return [made_table_place()].withUnsafeBufferPointer { none in
                    (places.baseAddress ?? none.baseAddress).flatMap {
                        made_row_schema_create(first, columns.count, $0, places.count, nil, 0)
                    }
                }
            }
        }
    }
}

/// `MADE_NO_LABEL` and `MADE_PASSED_OVER`, which are expressions that Swift does not import.
let noLabel = Int(bitPattern: UInt.max)
let passedOver = Int(bitPattern: UInt.max)

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
    var specialRowCount = 0
    /// Of each row its kept cells: JSON after #, - where there is none.
    var kept: [[String]] = []
    var members: [String: String] = [:]
    /// Bits, so that NaN equals NaN.
    var matrix: [UInt32] = []
    var numbers: [Double] = []

    var values: [Float] { matrix.map(Float.init(bitPattern:)) }
}

/// A scanner with a table.
final class Scanning {
    private let scanner = made_row_scanner_create()
    private let schema: OpaquePointer?
    var request: made_scan_request
    private let member = strdup("rows")

    init(
        _ columns: [Column], places: [Place] = [], form: made_rows_form = MADE_ROWS_ARRAY, column: Int = 0,
        options: made_row_options = made_row_options(), rowsMax: Int = 1 << 20
    ) {
        schema = makeSchema(columns, places: places)
        request = made_scan_request(
            schema: schema, options: options, member: made_text(bytes: member, count: 4), form: form, column: column,
            elements: made_element_type(), is_required: true, rows_max: rowsMax, values_max: 1 << 30, kept: nil,
            kept_count: 0, piece_bytes: 0, take_memory: nil, memory_context: nil)
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
        var buffer = made_row_buffer()
        defer {
            free(buffer.values)
            free(buffer.numbers)
        }
        let scan = made_row_scanner_scan(
            scanner, &request, block.assumingMemoryBound(to: CChar.self), body.count, &buffer)
        var result = Scanned(status: scan.status)
        result.offset = scan.offset < 0 ? nil : scan.offset
        result.reason = scan.reason.map { String(cString: $0) }
        result.name = string(scan.name)
        result.hasRows = scan.has_rows
        result.rowCount = scan.row_count
        result.specialRowCount = scan.special_row_count
        result.faults = UnsafeBufferPointer(start: scan.errors, count: scan.error_count).map { error in
            Scanned.Fault(
                fault: error.fault, row: error.row, column: error.column, found: error.found, text: string(error.text))
        }
        for index in 0..<scan.member_count {
            guard let member = scan.members?[index] else { continue }
            result.members[string(member.name)] = string(member.json)
        }
        result.kept = (0..<(scan.kept == nil ? 0 : scan.row_count)).map { row in
            (0..<request.kept_count).compactMap { index in
                scan.kept.map { $0[row * request.kept_count + index] }.map { cell in
                    cell.is_absent ? "-" : (cell.is_json ? "#" : "") + string(cell.text)
                }
            }
        }
        result.matrix = (0..<buffer.count).map { buffer.values?[$0].bitPattern ?? 0 }
        if let numbers = buffer.numbers { result.numbers = (0..<buffer.count).map { numbers[$0] } }
        return result
    }
}

func string(_ text: made_text) -> String {
    guard let bytes = text.bytes else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: text.count), as: UTF8.self)
}
