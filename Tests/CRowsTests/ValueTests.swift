import CRows
import Foundation
import Testing

/// What a value is read as.
enum Outcome: Equatable {
    case value(Float)
    case missing
    case unseen
    case fault(made_row_fault)

    init(_ value: Float) { self = value.isNaN ? .missing : .value(value) }
}

/// A text, how it is written, and what it is to be read as.
private struct Case {
    var text: String
    var forms: [made_value_form]
    var outcome: Outcome

    init(_ text: String, _ outcome: Outcome, _ forms: [made_value_form] = [MADE_VALUE_CELL, MADE_VALUE_STRING]) {
        self.text = text
        self.forms = forms
        self.outcome = outcome
    }
}

private let texts = [MADE_VALUE_CELL, MADE_VALUE_STRING]
private let number = [MADE_VALUE_NUMBER]
private let boolean = [MADE_VALUE_BOOLEAN]
private let anyNumber = texts + number

private let plainBinary: [Case] =
    ["0", "1", "1.0", "1e0", "-0", "0.0"].map { Case($0, .value($0.hasPrefix("1") ? 1 : 0), anyNumber) }
    + ["true", "T", "yes", "Y", " True ", "\u{A0}TRUE"].map { Case($0, .value(1)) }
    + ["false", "f", "No", "n", "+0"].map { Case($0, .value(0)) }
    + [
        Case("true", .value(1), boolean), Case("false", .value(0), boolean),
        Case("2", .fault(MADE_ROW_NOT_BINARY), anyNumber), Case("-1", .fault(MADE_ROW_NOT_BINARY), anyNumber),
        Case("maybe", .fault(MADE_ROW_WRONG_TYPE)), Case("nan", .fault(MADE_ROW_WRONG_TYPE)),
        Case("1e999", .fault(MADE_ROW_OUT_OF_RANGE), anyNumber), Case("", .missing), Case(" \t", .missing),
    ]

private let unseenBinary: [Case] = [
    Case("2", .unseen, anyNumber), Case("1e999", .unseen, anyNumber), Case("maybe", .fault(MADE_ROW_WRONG_TYPE)),
    Case("NA", .missing), Case("na", .fault(MADE_ROW_WRONG_TYPE)), Case("1", .value(1), anyNumber),
]

/// The texts of 0 and 1 are "2" and "yes!"; 1 is missing.
private let labelledBinary: [Case] = [
    Case("2", .value(0), anyNumber), Case("2.0", .value(0), number), Case("2.0", .fault(MADE_ROW_NOT_BINARY)),
    Case("yes!", .value(1)), Case(" yes! ", .value(1)), Case("yes", .value(1)), Case("0", .value(0), anyNumber),
    Case("1", .missing, anyNumber), Case("maybe", .fault(MADE_ROW_WRONG_TYPE)), Case("true", .value(1), boolean),
]

private let labelledUnseenBinary: [Case] = [
    Case("maybe", .unseen), Case("7", .unseen, anyNumber), Case("\u{E9}", .value(0)), Case("e\u{301}", .value(0)),
]

private let category: [Case] = [
    Case("red", .value(0)), Case(" red\t", .value(0)), Case("\u{E9}", .value(1)), Case("e\u{301}", .value(1)),
    Case("\u{FEFF}e\u{301}\u{A0}", .value(1)), Case("1", .value(2), anyNumber), Case("1.0", .value(2), number),
    Case("1.0", .fault(MADE_ROW_UNKNOWN_LABEL)), Case("+1", .fault(MADE_ROW_UNKNOWN_LABEL)),
    Case("1e5", .value(3), anyNumber), Case("100000", .fault(MADE_ROW_UNKNOWN_LABEL), anyNumber),
    Case("True", .value(4)), Case("true", .value(4), boolean), Case("true", .fault(MADE_ROW_UNKNOWN_LABEL)),
    Case("false", .fault(MADE_ROW_UNKNOWN_LABEL), boolean), Case("NA", .value(5)), Case("n/a", .missing),
    Case("rare", .value(6)), Case("Red", .fault(MADE_ROW_UNKNOWN_LABEL)), Case("", .missing), Case("  ", .missing),
]

private let numericCategory: [Case] = [
    Case("9007199254740993", .value(0), anyNumber), Case("9007199254740992", .value(1), anyNumber),
    Case("9007199254740992.0", .value(1), anyNumber), Case("9007199254740994", .unseen, anyNumber),
    Case("1", .value(2), anyNumber), Case("1.0", .value(2), anyNumber), Case("+1", .value(2)),
    Case("1e0", .value(2), anyNumber), Case("10e-1", .value(2), anyNumber), Case("007", .value(3)),
    Case("7", .value(4), anyNumber), Case("07", .unseen), Case("7.", .value(4)), Case("0.70e+1", .value(4), anyNumber),
    Case("-0", .value(5), anyNumber), Case("0e5", .value(5), anyNumber), Case("1e400", .value(6), anyNumber),
    Case("10e399", .value(6), anyNumber), Case("1e401", .unseen, anyNumber), Case("-999", .missing, anyNumber),
    Case("x", .unseen), Case("true", .unseen, boolean), Case("", .missing),
]

private let emptyLabel: [Case] = [
    Case("", .missing, [MADE_VALUE_CELL]), Case("", .value(1), [MADE_VALUE_STRING]),
    Case(" ", .missing, [MADE_VALUE_CELL]), Case(" ", .value(1), [MADE_VALUE_STRING]), Case("x", .value(0)),
]

private let real: [Case] = [
    Case("12", .value(1), anyNumber), Case("10", .value(0), anyNumber), Case("-0", .value(-5), anyNumber),
    Case("+12", .value(1)), Case(".5e1", .value(-2.5)), Case("5.", .value(-2.5)), Case("1E+01", .value(0), anyNumber),
    Case(" 12 ", .value(1)), Case("\u{A0}12\u{FEFF}", .value(1)), Case("NA", .missing),
    Case("-999", .missing, anyNumber),
    Case("-999.0", .missing, anyNumber), Case("-998", .value(-504), anyNumber),
    Case("nan", .fault(MADE_ROW_WRONG_TYPE)),
    Case("inf", .fault(MADE_ROW_WRONG_TYPE)), Case("0x10", .fault(MADE_ROW_WRONG_TYPE)),
    Case("1,2", .fault(MADE_ROW_WRONG_TYPE)), Case("1_0", .fault(MADE_ROW_WRONG_TYPE)),
    Case("true", .fault(MADE_ROW_WRONG_TYPE), boolean), Case("true", .fault(MADE_ROW_WRONG_TYPE)),
    Case("1e309", .fault(MADE_ROW_OUT_OF_RANGE), anyNumber), Case("1e308", .value(1e30), anyNumber),
    Case("-1e308", .value(-1e30), anyNumber), Case("", .missing), Case("\u{A0}", .missing),
]

private let european: [Case] = [
    Case("1.234,5", .value(1234.5)), Case("1234,5", .value(1234.5)), Case("1.234.567", .value(1_234_567)),
    Case("1.5", .value(1.5), number), Case("1.5", .fault(MADE_ROW_WRONG_TYPE)),
    Case("12.34,5", .fault(MADE_ROW_WRONG_TYPE)),
    Case("1.2345", .fault(MADE_ROW_WRONG_TYPE)), Case(".234,5", .fault(MADE_ROW_WRONG_TYPE)), Case("€5", .value(5)),
    Case("5 €", .value(5)), Case("5\u{202F}€", .value(5)), Case("-€5", .value(-5)), Case("€-5", .value(-5)),
    Case("- € 5", .value(-5)), Case("-€-5", .fault(MADE_ROW_WRONG_TYPE)), Case("€5€", .fault(MADE_ROW_WRONG_TYPE)),
    Case("€", .fault(MADE_ROW_WRONG_TYPE)), Case("$5", .fault(MADE_ROW_WRONG_TYPE)), Case("1,5e2 €", .value(150)),
]

private let columnCases: [(Column, [Case])] = [
    (Column(name: "x"), plainBinary),
    (Column(name: "x", hasUnseen: true, missing: ["NA"]), unseenBinary),
    (Column(name: "x", labels: ["2", "yes!"], missing: ["1", "yes!"]), labelledBinary),
    (Column(name: "x", labels: ["\u{E9}", "z"], hasUnseen: true), labelledUnseenBinary),
    (
        Column(
            name: "x", kind: MADE_COLUMN_CATEGORICAL, labels: ["red", "\u{E9}", "1", "1e5", "True", "NA"],
            rareLabels: ["rare"], missing: ["NA", "n/a"]), category
    ),
    (
        Column(
            name: "x", kind: MADE_COLUMN_CATEGORICAL,
            labels: ["9007199254740993", "9007199254740992", "1.00", "007", "7", "0", "1e400"], areNumbers: true,
            hasUnseen: true, missing: ["-999"]), numericCategory
    ),
    (Column(name: "x", kind: MADE_COLUMN_CATEGORICAL, labels: ["x", ""]), emptyLabel),
    (Column(name: "x", kind: MADE_COLUMN_REAL, missing: ["NA", "-999"], centre: 10, scale: 0.5), real),
    (
        Column(
            name: "x", kind: MADE_COLUMN_REAL, form: Form(hasDecimalComma: true, groupSeparator: ".", unit: "€")),
        european
    ),
]

/// The text as JSON or as a cell of CSV has it.
private func written(_ text: String, _ form: made_value_form) -> String {
    let doubled = text.replacing("\"", with: "\"\"")
    return form == MADE_VALUE_STRING ? "\"\(doubled)\"" : text
}

private func outcome(_ values: [Float], _ fault: made_row_fault?, isReal: Bool) -> Outcome {
    if let fault { return .fault(fault) }
    guard let value = values.first else { return .fault(MADE_ROW_MALFORMED) }
    return value == MADE_UNSEEN && !isReal ? .unseen : Outcome(value)
}

/// What each way to read it makes of a value.
private func readAnyhow(_ text: String, _ form: made_value_form, _ column: Column) -> [String: Outcome] {
    let isReal = column.kind == MADE_COLUMN_REAL
    var options = made_row_options()
    options.missing_is_unknown = true
    var result: [String: Outcome] = [:]
    if let schema = makeSchema([column]) {
        defer { made_row_schema_free(schema) }
        var value: Float = -7
        var number = -7.0
        let owned = Texts()
        let fault = made_row_schema_read_value(schema, 0, owned.text(text), form, options, &value, &number)
        result["alone"] = outcome([value], fault == MADE_ROW_GOOD ? nil : fault, isReal: isReal)
    }
    let second = Column(name: "y")
    if form == MADE_VALUE_CELL || form == MADE_VALUE_STRING {
        let separator = text.contains(",") ? ";" : ","
        let read = stream(
            [Array("x\(separator)y\n\(written(text, form))\(separator)0\n".utf8)], MADE_STREAM_CSV,
            columns: [column, second], options: options)
        result["CSV"] = outcome(read.values, read.faults.first?.fault, isReal: isReal)
    }
    if form != MADE_VALUE_CELL {
        let json =
            form == MADE_VALUE_STRING
            ? (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } : text
        guard let json else { return result }
        for row in ["[\(json),0]", "{\"y\":0,\"x\": \(json)}"] {
            let body = Scanning([column, second], options: options)("{\"rows\":[\(row)]}")
            result["body \(row)"] = outcome(body.values, body.faults.first?.fault, isReal: isReal)
            let line = stream([Array(row.utf8)], MADE_STREAM_NDJSON, columns: [column, second], options: options)
            result["line \(row)"] = outcome(line.values, line.faults.first?.fault, isReal: isReal)
        }
        let alone = Scanning([column], form: MADE_ROWS_COLUMN, options: options)("{\"rows\":[\(json)]}")
        result["column"] = outcome(alone.values, alone.faults.first?.fault, isReal: isReal)
    }
    return result
}

@Test func everyWayReadsAValueTheSame() {
    for (column, cases) in columnCases {
        for item in cases {
            for form in item.forms {
                for (way, outcome) in readAnyhow(item.text, form, column) {
                    #expect(outcome == item.outcome, "\(column.kind) '\(item.text)' \(form), \(way)")
                }
            }
        }
    }
}

@Test func aMissingValueIsWhatItsColumnHasForIt() {
    let outcome: Float = 0x1p101
    let columns: [(Column, missing: Float)] = [
        (Column(name: "x", kind: MADE_COLUMN_REAL), .nan),
        (Column(name: "x", kind: MADE_COLUMN_REAL, hasUnseen: true), -outcome),
        (Column(name: "x", kind: MADE_COLUMN_REAL, hasUnseen: true, hasMissing: true), outcome),
        (Column(name: "x", hasUnseen: true), -1), (Column(name: "x", hasUnseen: true, hasMissing: true), outcome),
        (Column(name: "x", kind: MADE_COLUMN_CATEGORICAL, labels: ["1"], hasUnseen: true), -1),
        (Column(name: "x", kind: MADE_COLUMN_CATEGORICAL, labels: ["1"], hasMissing: true), outcome),
    ]
    for (var column, missing) in columns {
        column.missing = ["NA"]
        let second = Column(name: "y")
        for isUnknown in [false, true] {
            var options = made_row_options()
            options.missing_is_unknown = isUnknown
            let expected = isUnknown ? Float.nan.bitPattern : missing.bitPattern
            let json = Scanning([column, second], options: options)(
                #"{"rows":[[null,1],{"y":1},{"x":null,"y":1},{"x":"NA","y":1},[" NA ",1]]}"#)
            let csv = stream(
                [Array("x,y\n,1\nNA,1\n\" NA\",1".utf8)], MADE_STREAM_CSV, columns: [column, second], options: options)
            for values in [json.values, csv.values] {
                #expect(stride(from: 0, to: values.count, by: 2).allSatisfy { values[$0].bitPattern == expected })
            }
            #expect(json.faults.isEmpty && json.values.count == 10 && csv.values.count == 6)
            let isPlain = !isUnknown && missing == outcome
            #expect(csv.specialRowCount == (isPlain ? 0 : 3) && (json.specialRowCount > 1) != isPlain)
        }
    }
}

@Test func anAtomIsReadWhereTheNumberIsExactlyIt() {
    let column = Column(name: "x", kind: MADE_COLUMN_REAL, centre: 100, scale: 0.5, atoms: [-3, 0, 0.1, 1e300])
    let outcome: Float = 0x1p101
    let texts: [(String, Float)] = [
        ("0", 3 * outcome), ("-0.0", 3 * outcome), ("0.10", 4 * outcome), ("-3e0", 2 * outcome), ("1e300", 5 * outcome),
        ("1e-300", -50), ("0.10000000000000002", Float((0.1 - 100) * 0.5)), ("102", 1),
    ]
    for (text, value) in texts {
        let json = Scanning([column, Column(name: "y")])("{\"rows\":[[\(text),1],{\"x\":\"\(text)\",\"y\":0}]}")
        #expect(json.values == [value, 1, value, 0] && json.specialRowCount == 0, "\(text)")
        let csv = stream([Array("x,y\n\(text),1\n".utf8)], MADE_STREAM_CSV, columns: [column, Column(name: "y")])
        #expect(csv.values == [value, 1] && csv.specialRowCount == 0, "\(text)")
    }
}

@Test func aNumberIsReadByItsSignedLogarithmWhereTheColumnHasALinearWidth() {
    let column = Column(name: "x", kind: MADE_COLUMN_REAL, centre: 3, scale: 0.25, linearWidth: 0.5)
    for text in ["0", "-0.0", "0.5", "-0.5", "1e-9", "12345.678", "-1e300", "4e-324"] {
        let x = Double(text) ?? .nan
        let t = 0.5 * log1p(abs(x) / 0.5) * (x < 0 ? -1 : 1)
        let value = Float((t - 3) * 0.25)
        let json = Scanning([column, Column(name: "y")])("{\"rows\":[[\(text),1],{\"x\":\"\(text)\",\"y\":0}]}")
        #expect(json.values == [value, 1, value, 0], "\(text)")
        let csv = stream([Array("x,y\n\(text),1\n".utf8)], MADE_STREAM_CSV, columns: [column, Column(name: "y")])
        #expect(csv.values == [value, 1], "\(text)")
    }
}

@Test func whatIsUnseenIsAFaultWhereItIsRefused() {
    var options = made_row_options()
    options.refuses_unseen = true
    let columns = [
        Column(name: "a", hasUnseen: true),
        Column(name: "b", kind: MADE_COLUMN_CATEGORICAL, labels: ["x"], hasUnseen: true),
    ]
    let body = "{\"rows\":[[2,\"x\"],[1,\"y\"],[0,\"x\"]]}"
    #expect(
        Scanning(columns, options: options)(body).faults.map(\.fault) == [MADE_ROW_NOT_BINARY, MADE_ROW_UNKNOWN_LABEL])
    let seen = Scanning(columns)(body)
    #expect(seen.faults == [] && seen.values == [-1, 0, 1, -1, 0, 0] && seen.specialRowCount == 2)
    let lines = stream([Array("a,b\n2,x\n1,y\n0,x".utf8)], MADE_STREAM_CSV, columns: columns, options: options)
    #expect(lines.faults.map(\.fault) == [MADE_ROW_NOT_BINARY, MADE_ROW_UNKNOWN_LABEL])
}

@Test func rareLabelsMakeARowSpecial() {
    let columns = [Column(name: "a", kind: MADE_COLUMN_CATEGORICAL, labels: ["x", "y"], rareLabels: ["z"])]
    let scan = Scanning(columns)(#"{"rows":[["x"],["z"],["y"],[null]]}"#)
    #expect(scan.specialRowCount == 2 && Array(scan.values.prefix(3)) == [0, 2, 1])
    let csv = stream([Array("a\nx\nz\ny\n".utf8)], MADE_STREAM_CSV, columns: columns)
    #expect(csv.specialRowCount == 1 && csv.values == [0, 2, 1])
    // A real value of −1 is no unseen one.
    let reals = [Column(name: "a", kind: MADE_COLUMN_REAL)]
    #expect(Scanning(reals)(#"{"rows":[[-1],["-1"]]}"#).specialRowCount == 0)
}

@Test func numbersAreKeptBesideValues() {
    var options = made_row_options()
    options.keeps_numbers = true
    let columns = [
        Column(name: "a", kind: MADE_COLUMN_REAL, centre: 1, scale: 2), Column(name: "b"),
        Column(name: "c", kind: MADE_COLUMN_CATEGORICAL, labels: ["x"]),
    ]
    let scan = Scanning(columns, options: options)(#"{"rows":[[0.1,1,"x"],["-7",true,"x"],{"b":0}]}"#)
    #expect(Array(scan.numbers.prefix(6)) == [0.1, 1, 0, -7, 1, 0] && scan.values[3] == -16)
    #expect(scan.numbers[6].isNaN && scan.numbers[7] == 0 && scan.numbers[8].isNaN)
    let csv = stream(
        [Array("a,b,c\n0.1,1,x\n-7,yes,x".utf8)], MADE_STREAM_CSV, columns: columns, options: options)
    #expect(csv.numbers == [0.1, 1, 0, -7, 1, 0])
    let dense = Scanning([Column(name: "a"), Column(name: "b")], options: options)(#"{"rows":[[0,1],[1,1]]}"#)
    #expect(dense.numbers == [0, 1, 1, 1])
    #expect(Scanning(columns)(#"{"rows":[[0.1,1,"x"]]}"#).numbers == [])
}
