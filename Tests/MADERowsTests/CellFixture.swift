import MADE

@testable import MADERows

/// One cell of one column, however it is written, and what it is.
struct CellCase: CustomStringConvertible {
    enum Meaning: Equatable {
        case number(Double)
        case label(String)
        case missing
        /// A value that the column never had.
        case unseen
        case fault
    }

    let column: String
    /// As it stands in CSV with commas, quotes included; nil where CSV has no such thing.
    let csv: String?
    /// The JSON value; nil where JSON has no such thing.
    let json: String?
    let meaning: Meaning

    var description: String { "\(column): \(csv ?? "no cell"), \(json ?? "no JSON")" }

    /// The cell without quotes.
    var text: String? {
        guard let csv, csv.hasPrefix("\"") else { return csv }
        return String(csv.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
}

/// The columns that the cells are of.
enum CellFixture {
    static let labels = Categories(
        labels: ["red", "green", "Café", "NA", "", "a,b", "say \"hi\"", "two\nlines", "other"], otherIndex: 8,
        rareLabels: ["ochre"], rareRowCounts: [2])
    static let codes = Categories(
        labels: ["10", "20", "9007199254740993", "0.5", "other"], otherIndex: 4, rareLabels: ["30"],
        rareRowCounts: [3])
    static let parts = Categories(labels: ["1e5", "007", "0.50", "A1", "true", "12"])

    static let schema: TableSchema = {
        let kinds: KeyValuePairs<String, TableSchema.Kind> = [
            "flag": .binary, "truth": .binary, "text": .categorical(labels), "code": .categorical(codes),
            "part": .categorical(parts), "real": .real(step: nil), "sensor": .real(step: nil),
            "euro": .real(step: nil), "dollar": .real(step: nil), "share": .real(step: nil),
        ]
        let table = kinds.map { name, _ in
            var column = Schema.Column(name: name)
            switch name {
            case "truth": (column.truthTexts, column.missingTexts) = (["no", "yes"], ["?"])
            case "text": column.missingTexts = ["N/A"]
            case "code": column.labelsAreNumbers = true
            case "real": column.missingTexts = ["?", "NA", "NaN"]
            case "sensor": column.missingTexts = ["-999"]
            case "euro":
                column.numberForm = Schema.NumberForm(hasDecimalComma: true, groupSeparator: ".", unit: "€")
            case "dollar": column.numberForm = Schema.NumberForm(groupSeparator: ",", unit: "$")
            case "share": column.numberForm = Schema.NumberForm(unit: "%")
            default: break
            }
            return column
        }
        return TableSchema(
            columns: kinds.map { TableSchema.Column(name: $0.key, kind: $0.value) }, table: Schema(columns: table))
    }()

    private static func cells(
        _ column: String, _ cells: [(csv: String?, json: String?, meaning: CellCase.Meaning)]
    ) -> [CellCase] {
        cells.map { CellCase(column: column, csv: $0.csv, json: $0.json, meaning: $0.meaning) }
    }

    static let all = binary + labelled + numbered + real + written

    private static let binary =
        cells(
            "flag",
            [
                ("0", "0", .number(0)), ("1", "1", .number(1)), ("1.0", "1.0", .number(1)), ("+1", nil, .number(1)),
                ("1e0", "1e0", .number(1)), ("0.0", "0.0", .number(0)), ("-0", "-0", .number(0)),
                ("true", "true", .number(1)), ("FALSE", #""FALSE""#, .number(0)), ("false", "false", .number(0)),
                ("Yes", #""Yes""#, .number(1)), ("n", #""n""#, .number(0)), ("T", #""T""#, .number(1)),
                (" 1 ", #"" 1 ""#, .number(1)), ("\"1\"", #""1""#, .number(1)), ("2", "2", .unseen),
                ("0.5", "0.5", .unseen), ("-1", "-1", .unseen), ("1e400", "1e400", .unseen),
                ("maybe", #""maybe""#, .fault), ("NA", #""NA""#, .fault), ("", "null", .missing),
                (nil, #""""#, .missing), ("\"\"", #"" ""#, .missing), (nil, "[1]", .fault), (nil, "{}", .fault),
            ])
        + cells(
            "truth",
            [
                ("yes", #""yes""#, .number(1)), ("no", #""no""#, .number(0)), ("YES", #""YES""#, .number(1)),
                ("1", "1", .number(1)), ("0", "0", .number(0)), ("true", "true", .number(1)),
                ("f", #""f""#, .number(0)), ("maybe", #""maybe""#, .unseen), ("2", "2", .unseen),
                ("?", #""?""#, .missing), ("", "null", .missing),
            ])

    private static let labelled = cells(
        "text",
        [
            ("red", #""red""#, .label("red")), (" red ", #"" red\t""#, .label("red")),
            ("\"red\"", #""\u0072ed""#, .label("red")), ("Red", #""Red""#, .unseen),
            ("Caf\u{e9}", #""Caf\u00e9""#, .label("Café")), ("Cafe\u{301}", #""Cafe\u0301""#, .label("Café")),
            ("\u{a0}red\u{a0}", "\"\u{a0}red\"", .label("red")), ("ochre", #""ochre""#, .label("ochre")),
            // The name of the class is no label.
            ("other", #""other""#, .unseen), ("blue", #""blue""#, .unseen), ("NA", #""NA""#, .label("NA")),
            ("N/A", #""N/A""#, .missing), ("", "null", .missing), ("\"\"", #""""#, .label("")),
            ("\"  \"", #""  ""#, .label("")), ("\"a,b\"", #""a,b""#, .label("a,b")),
            ("\"say \"\"hi\"\"\"", #""say \"hi\"""#, .label("say \"hi\"")),
            ("\"two\nlines\"", #""two\nlines""#, .label("two\nlines")), ("1", "1", .unseen), ("true", "true", .unseen),
            ("null", #""null""#, .unseen), (nil, #"["red"]"#, .fault), (nil, #"{"a": 1}"#, .fault),
        ])

    private static let numbered =
        cells(
            "code",
            [
                ("10", "10", .label("10")), ("10.0", "10.0", .label("10")), ("+10", #""+10""#, .label("10")),
                ("1e1", "1e1", .label("10")), ("\"10\"", #""10""#, .label("10")), (" 10", #"" 10""#, .label("10")),
                ("010", #""010""#, .unseen), ("9007199254740993", "9007199254740993", .label("9007199254740993")),
                ("9007199254740993.0", "9007199254740993.0", .label("9007199254740993")),
                ("9007199254740992", "9007199254740992", .unseen), ("9007199254740994", "9007199254740994", .unseen),
                ("0.5", "0.5", .label("0.5")), (".5", nil, .label("0.5")), ("5e-1", "5e-1", .label("0.5")),
                ("0.50", "0.50", .label("0.5")), ("30", "30", .label("30")), ("30.00", "30.00", .label("30")),
                ("40", "40", .unseen), ("-10", "-10", .unseen), ("x", #""x""#, .unseen),
                ("\"1,0\"", #""1,0""#, .unseen),
                ("1e400", "1e400", .unseen), (nil, "true", .unseen), ("", "null", .missing),
            ])
        + cells(
            "part",
            [
                ("1e5", #""1e5""#, .label("1e5")), ("100000", #""100000""#, .unseen), ("100000.0", "100000", .unseen),
                ("1E5", #""1E5""#, .unseen), ("007", #""007""#, .label("007")), ("7", "7", .unseen),
                ("07", #""07""#, .unseen), ("0.50", #""0.50""#, .label("0.50")), ("0.5", "0.5", .unseen),
                ("12", "12", .label("12")), (nil, "12.0", .label("12")), ("12.0", #""12.0""#, .unseen),
                ("+12", #""+12""#, .unseen), ("true", "true", .label("true")), ("True", #""True""#, .unseen),
                ("A1", #""A1""#, .label("A1")), ("a1", #""a1""#, .unseen), (" A1 ", #"" A1 ""#, .label("A1")),
                ("", "null", .missing), ("\"\"", #""""#, .missing),
            ])

    private static let real =
        cells(
            "real",
            [
                ("1.5", "1.5", .number(1.5)), ("-2", "-2", .number(-2)), ("+3.25", #""+3.25""#, .number(3.25)),
                ("1e3", "1e3", .number(1000)), ("1E-2", "1E-2", .number(0.01)), ("007", #""007""#, .number(7)),
                ("-0", "-0", .number(0)), (".5", #"".5""#, .number(0.5)), ("5.", #""5.""#, .number(5)),
                (" 4 ", #"" 4 ""#, .number(4)), ("\"4\"", #""4""#, .number(4)), ("\u{a0}4\u{a0}", nil, .number(4)),
                ("NA", #""NA""#, .missing), ("NaN", #""NaN""#, .missing), ("?", #""?""#, .missing),
                ("\" NA \"", #"" NA ""#, .missing), ("", "null", .missing), ("\"\"", #""""#, .missing),
                ("nan", #""nan""#, .fault), ("inf", #""inf""#, .fault), ("-Infinity", #""-Infinity""#, .fault),
                ("na", #""na""#, .fault), ("1e400", "1e400", .fault), ("-1e400", "-1e400", .fault),
                ("1e-60", "1e-60", .number(1e-60)), ("1e-400", "1e-400", .number(0)),
                ("1700000000123", "1700000000123", .number(1_700_000_000_123)),
                ("9007199254740993", "9007199254740993", .number(0x1p53)),
                ("3.5e38", "3.5e38", .number(3.5e38)),
                ("1.7976931348623157e308", "1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
                ("0.1000000000000000055511151231257827", nil, .number(0.1)),
                ("\"1,5\"", #""1,5""#, .fault), ("1.5 kg", #""1.5 kg""#, .fault), ("$5", #""$5""#, .fault),
                ("50%", #""50%""#, .fault), ("0x10", #""0x10""#, .fault), ("1_000", #""1_000""#, .fault),
                ("1 000", #""1 000""#, .fault), ("--1", #""--1""#, .fault), ("1e", #""1e""#, .fault),
                (".", #"".""#, .fault), ("+", #""+""#, .fault), ("1.5.2", #""1.5.2""#, .fault),
                ("\u{2212}5", #""\u22125""#, .number(-5)), ("\u{ff11}", #""\uff11""#, .fault), (nil, "true", .fault),
                ("true", #""true""#, .fault), (nil, "[]", .fault), (nil, "[1.5]", .fault),
            ])
        + cells(
            "sensor",
            [
                ("-999", "-999", .missing), ("\"-999\"", #""-999""#, .missing), ("-998", "-998", .number(-998)),
                ("999", "999", .number(999)), ("NA", #""NA""#, .fault), ("", "null", .missing),
            ])

    private static let written =
        cells(
            "euro",
            [
                ("\"1,5\"", #""1,5""#, .number(1.5)), ("\"1.234,5 €\"", #""1.234,5 €""#, .number(1234.5)),
                ("€ 5", #""€ 5""#, .number(5)), ("5€", #""5€""#, .number(5)), ("-€5", #""-€5""#, .number(-5)),
                ("\"€-5,25\"", #""€-5,25""#, .number(-5.25)), ("1.234", #""1.234""#, .number(1234)),
                ("1.234.567", #""1.234.567""#, .number(1_234_567)), ("5\u{a0}€", "\"5\u{a0}€\"", .number(5)),
                // JSON's own numbers are plain.
                (nil, "1.234", .number(1.234)), ("12", "12", .number(12)), ("1.5", #""1.5""#, .fault),
                ("$5", #""$5""#, .fault), ("\"1,5,5\"", #""1,5,5""#, .fault), ("€", #""€""#, .fault),
                ("\"2,5e1\"", #""2,5e1""#, .number(25)), ("", "null", .missing),
            ])
        + cells(
            "dollar",
            [
                ("\"$1,234.50\"", #""$1,234.50""#, .number(1234.5)), ("1234.5", "1234.5", .number(1234.5)),
                ("\"-$1,000\"", #""-$1,000""#, .number(-1000)), ("\"1,23\"", #""1,23""#, .fault),
                ("\"1,2345\"", #""1,2345""#, .fault), ("(5)", #""(5)""#, .fault), ("\"0,123\"", #""0,123""#, .fault),
                ("$$5", #""$$5""#, .fault), ("5 $", #""5 $""#, .number(5)),
            ])
        + cells(
            "share",
            [
                ("50%", #""50%""#, .number(50)), ("50 %", #""50 %""#, .number(50)), ("50", "50", .number(50)),
                ("-0.5%", #""-0.5%""#, .number(-0.5)), ("1e1%", #""1e1%""#, .number(10)), ("50%%", #""50%%""#, .fault),
                ("%", #""%""#, .fault), ("50€", #""50€""#, .fault),
            ])
}
