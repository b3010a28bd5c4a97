import CRows
import MADE
import Testing

@testable import MADERows

/// Columns of dates and times.
@Suite struct DateTests {
    /// Texts that are the same time, and how each is written.
    static let texts: [(text: String, order: made_date_order, seconds: Double, pattern: String)] = [
        ("2024-03-01", MADE_MONTH_FIRST, 1_709_251_200, "%Y-%m-%d"),
        (" 2024-03-01 ", MADE_MONTH_FIRST, 1_709_251_200, "%Y-%m-%d"),
        ("2024/3/1", MADE_DAY_FIRST, 1_709_251_200, "%Y/%-m/%-d"),
        ("3/1/2024", MADE_MONTH_FIRST, 1_709_251_200, "%-m/%-d/%Y"),
        ("01/03/2024", MADE_DAY_FIRST, 1_709_251_200, "%d/%m/%Y"),
        ("01.03.24", MADE_DAY_FIRST, 1_709_251_200, "%d.%m.%y"),
        ("01-Mar-2024", MADE_MONTH_FIRST, 1_709_251_200, "%d-%b-%Y"),
        ("1 March 2024", MADE_MONTH_FIRST, 1_709_251_200, "%-d %B %Y"),
        ("Mar 1, 2024", MADE_MONTH_FIRST, 1_709_251_200, "%b %-d, %Y"),
        ("Fri, 01 Mar 2024 10:15:30 +0100", MADE_MONTH_FIRST, 1_709_288_130, "%a, %d %b %Y %H:%M:%S +0100"),
        ("20240301", MADE_MONTH_FIRST, 1_709_251_200, "%Y%m%d"),
        ("20240301T101530Z", MADE_MONTH_FIRST, 1_709_288_130, "%Y%m%dT%H%M%SZ"),
        ("20240301101530", MADE_MONTH_FIRST, 1_709_288_130, "%Y%m%d%H%M%S"),
        ("2024-03-01T10:15:30Z", MADE_MONTH_FIRST, 1_709_288_130, "%Y-%m-%dT%H:%M:%SZ"),
        ("2024-03-01 10:15:30.250+02:00", MADE_MONTH_FIRST, 1_709_288_130.25, "%Y-%m-%d %H:%M:%S.%3f+02:00"),
        ("2024-03-01 10:15", MADE_MONTH_FIRST, 1_709_288_100, "%Y-%m-%d %H:%M"),
        ("3/1/2024 5:07 PM", MADE_MONTH_FIRST, 1_709_312_820, "%-m/%-d/%Y %-I:%M %p"),
        ("12:00 am", MADE_MONTH_FIRST, 0, "%I:%M %P"),
        ("2024-03", MADE_MONTH_FIRST, 1_709_251_200, "%Y-%m"),
        ("Mar-2024", MADE_MONTH_FIRST, 1_709_251_200, "%b-%Y"),
        ("01/Mar/2024:10:15:30 +0000", MADE_MONTH_FIRST, 1_709_288_130, "%d/%b/%Y:%H:%M:%S +0000"),
        ("1969-12-31 23:59:59", MADE_MONTH_FIRST, -1, "%Y-%m-%d %H:%M:%S"),
        ("0001-01-01", MADE_MONTH_FIRST, -62_135_596_800, "%Y-%m-%d"),
    ]

    @Test(arguments: texts) func itIsReadAndWritten(
        _ text: String, _ order: made_date_order, _ seconds: Double, _ pattern: String
    ) throws {
        let date = try #require(DateText.date(text, order: order), "\(text)")
        #expect(date.seconds == seconds && date.pattern == pattern, "\(text): \(date)")
        #expect(DateText.text(seconds, form: pattern) == text.trimmed, "\(text)")
    }

    @Test(arguments: [
        "", "2024", "2024-13-01", "2024-02-30", "30/02/2024", "2024-03-01 25:00", "10:60", "1.2.10", "1.2.3.4", "5",
        "2024-03-01T", "2024-03-01 10:15 x", "2024-03-01 10:15:30.", "2024--03", "Marchy 1, 2024", "99999999",
        "13:00 PM",
        "0000-00-00", "12/31", "1-2", "2024-03-01+", "2024-03-01 10:00 +1", String(repeating: "1", count: 400),
    ]) func itIsNoDate(_ text: String) {
        #expect(!DateText.isDate(text), "\(text)")
    }

    @Test func aNumberAmongDatesIsMissing() throws {
        let cells = (0..<40).map { $0 == 7 ? "0" : "2024-03-\(10 + $0 % 19)" }
        let text = "d,n\n" + cells.map { "\($0),0.5\n" }.joined()
        let found = try infer(text)
        #expect(found.schema.table.columns[0].clock?.form == "%Y-%m-%d")
        #expect(found.schema.table.columns[0].missingTexts == ["0"])
        #expect(try streamed(text, as: found) == found.table.rows)
        // More different dates than are kept as texts.
        let times = (0..<3000).map { "2024-03-01 00:\(10 + $0 / 60):\(10 + $0 % 50)" } + ["5", "2024-03-01 00:10:10"]
        let many = "d,n\n" + times.map { "\($0),0.5\n" }.joined()
        let wide = try infer(many)
        #expect(wide.schema.table.columns[0].missingTexts == ["5"])
        #expect(try streamed(many, as: wide) == wide.table.rows)
    }

    @Test func datesAmongManyWordsAreLabelsByTheirText() throws {
        let spellings = [
            ["2024-01-31", "2024-02-01"], ["1/5/2024", "12/31/2024"], ["31.01.2024", "01.02.2024"],
            ["01/02/20", "13/02/2024"],
        ]
        for dates in spellings {
            let cells = (0..<20).map { $0 % 4 == 0 ? "later" : dates[$0 % 2] }
            let text = "d,n\n" + cells.map { "\($0),0.5\n" }.joined()
            let found = try infer(text)
            guard case .categorical(let categories) = found.schema.columns[0].kind else {
                Issue.record("\(found.schema.columns[0].kind)")
                continue
            }
            #expect(Set(categories.labels) == Set(dates + ["later"]))
            #expect(try streamed(text, as: found) == found.table.rows)
            #expect(try read(text, as: found).rows == found.table.rows)
        }
    }

    @Test func everyPatternReadsBackWhatItWrites() {
        var generator = PhiloxGenerator(seed: 7)
        for (text, order, _, pattern) in Self.texts where pattern.contains("%Y") && pattern.contains("d") {
            for _ in 0..<200 {
                let unit =
                    pattern.contains("%3f")
                    ? 1000.0 : pattern.contains("S") ? 1 : pattern.contains("M") ? 1 / 60.0 : 1 / 86400.0
                let seconds = (Double(generator.next() % 4_000_000_000) * unit).rounded(.down) / unit
                let written = DateText.text(seconds, form: pattern)
                #expect(DateText.date(written, order: order)?.seconds == seconds, "\(text): \(written)")
            }
        }
    }

    /// Cells, and the form and parts that are found in them.
    static let columns: [(name: String, cells: [String], form: String, parts: [Clock.Part])] = [
        ("ISO dates", (0..<30).map { "2024-03-\(10 + $0 % 19)" }, "%Y-%m-%d", [.weekday]),
        ("dates with slashes", (0..<12).map { "\(1 + $0)/\(14 + $0)/2024" }, "%-m/%-d/%Y", [.weekday]),
        ("days first", (0..<30).map { "\(1 + $0 % 28)/3/2024" }, "%-d/%-m/%Y", [.weekday]),
        (
            "days first, told late", (0..<2000).map { $0 < 1990 ? "0\(1 + $0 % 9)/03/2024" : "31/03/2024" }, "%d/%m/%Y",
            [.weekday]
        ),
        ("dates with points", (0..<30).map { "\(10 + $0 % 18).03.24" }, "%d.%m.%y", [.weekday]),
        ("times of one day", (0..<30).map { "2024-03-01T10:\(10 + $0):00Z" }, "%Y-%m-%dT%H:%M:%SZ", [.time]),
        (
            "dates and times", (0..<30).map { "2024-03-\(10 + $0 % 9) 10:\(10 + $0)" }, "%Y-%m-%d %H:%M",
            [.weekday, .time]
        ),
        ("times of day", (0..<30).map { "10:\(10 + $0)" }, "%H:%M", [.time]),
        ("dates, some missing", (0..<30).map { $0 % 3 == 0 ? "" : "2024-03-\(10 + $0 % 9)" }, "%Y-%m-%d", [.weekday]),
        (
            "two years", (0..<60).map { "20\(20 + $0 % 3)-\(10 + $0 % 3)-\(10 + $0 % 19)" }, "%Y-%m-%d",
            [.weekday, .month]
        ),
        ("months", (0..<60).map { "20\(20 + $0 % 3)-\(10 + $0 % 3)" }, "%Y-%m", [.month]),
        ("first days of months", (0..<60).map { "20\(20 + $0 % 3)-\(10 + $0 % 3)-01" }, "%Y-%m-%d", [.month]),
        ("seconds since 1970", (0..<60).map { "\(1_700_000_000 + $0 * 37 % 60 * 300)" }, "seconds", [.weekday, .time]),
        (
            "milliseconds", (0..<60).map { "\(1_700_000_000_000 + $0 * 37 % 60 * 3_000_017)" }, "milliseconds",
            [.weekday, .time]
        ),
        ("digits", (0..<60).map { "202403\(10 + $0 % 19)" }, "%Y%m%d", [.weekday]),
        (
            "one in thirty no date", (0..<60).map { $0 % 30 == 4 ? "0000-00-00" : "2024-03-\(10 + $0 % 19)" },
            "%Y-%m-%d", [.weekday]
        ),
        // Most cells decide how the column is written.
        (
            "one with a time", (0..<60).map { $0 == 0 ? "2024-03-05 10:30:00" : "2024-03-\(10 + $0 % 19)" }, "%Y-%m-%d",
            [.weekday]
        ),
        (
            "one text of many rows", (0..<90).map { $0 < 30 ? "2024-03-0\(1 + $0 % 9) 10:00" : "2024-03-2\($0 % 2)" },
            "%Y-%m-%d", [.weekday]
        ),
        (
            "few with points", (0..<60).map { $0 < 2 ? ["31.03.2024", "03.04.2024"][$0] : "2024-03-\(10 + $0 % 19)" },
            "%Y-%m-%d", [.weekday]
        ),
        (
            "one with points", (0..<60).map { $0 == 9 ? "03.04.2024" : "2024-03-\(10 + $0 % 19)" }, "%Y-%m-%d",
            [.weekday]
        ),
        (
            "one of the other order", (0..<60).map { $0 == 9 ? "25/3/2024" : "3/\(1 + $0 % 29)/2024" }, "%-m/%-d/%Y",
            [.weekday]
        ),
        (
            "one of the other order, told late",
            (0..<2000).map { $0 < 1900 ? "0\(1 + $0 % 9)/03/2024" : $0 == 1950 ? "03/25/2024" : "31/03/2024" },
            "%d/%m/%Y",
            [.weekday]
        ),
        (
            "seconds, some of them 0", (0..<60).map { $0 % 20 == 4 ? "0" : "\(1_700_000_000 + $0 * 37 % 60 * 300)" },
            "seconds", [.weekday, .time]
        ),
        (
            "many seconds, few -1", (0..<20_000).map { $0 % 500 == 4 ? "-1" : "\(1_700_000_000 + $0 * 3701)" },
            "seconds",
            [.weekday, .month, .time]
        ),
        (
            "milliseconds, one the end of time",
            (0..<60).map { $0 == 4 ? "253402300799000" : "\(1_700_000_000_000 + $0 * 37 % 60 * 3_000_017)" },
            "milliseconds", [.weekday, .time]
        ),
        (
            "digits, two of no date",
            (0..<60).map { $0 < 2 ? "\($0 * 99_999_999)" : "202403\(10 + $0 % 19)" },
            "%Y%m%d", [.weekday]
        ),
    ]

    @Test func numbersThatAreNoTimesAreMissing() throws {
        let cells = (0..<60).map { $0 % 20 == 4 ? "0" : "\(1_700_000_000 + $0 * 37 % 60 * 300)" }
        let found = try Decision(cells).found
        #expect(found.schema.table.columns[0].missingTexts == ["0"])
        #expect(found.table.values[0].count(where: \.isNaN) == 3)
        #expect(found.facts[0].remarks.contains(.textsAmongNumbers(["0"], rowCount: 3)))
        // Numbers of many other ranges are no times.
        let mixed = (0..<60).map { "\($0 % 15 == 4 ? $0 : 1_700_000_000 + $0 * 37 % 60 * 300)" }
        #expect(try Decision(mixed).found.schema.table.columns[0].clock == nil)
    }

    @Test(arguments: columns) func itsFormAndPartsAreFound(
        _ name: String, _ cells: [String], _ form: String, _ parts: [Clock.Part]
    ) throws {
        let found = try Decision(cells).found
        let clock = try #require(found.schema.table.columns[0].clock, "\(name)")
        #expect(clock.form == form && clock.parts == parts, "\(name): \(clock)")
        #expect(found.schema.names == parts.map { "v.\($0.rawValue)" } + ["beside"])
        // The same is read again by the schema, whatever the row's form.
        let schema = try #require(RowSchema(found.schema.columns.map(\.variable), table: found.schema.table))
        #expect(schema.columns.map(\.name) == ["v", "beside"])
        var expected: [[Double]] = []
        for (row, cell) in cells.enumerated() {
            let (value, number) = try schema.read(cell, column: 0, options: ReadingOptions())
            let (other, otherNumber) = try schema.read("\(row * 7 % 11).5", column: 1, options: ReadingOptions())
            expected.append(schema.expand([value, other], numbers: [number, otherNumber]).map(Double.init))
        }
        for (index, column) in found.schema.columns.enumerated() where index < parts.count {
            for row in cells.indices {
                let value = found.table.values[index][row], again = expected[row][index]
                let isEqual =
                    value.isNaN
                    ? again.isNaN || again == Double(column.variable.valueOfMissing) : Float(value) == Float(again)
                #expect(isEqual, "\(name), row \(row): \(value), \(again)")
            }
        }
    }

    @Test func aSecondTimeIsToldFromTheFirst() throws {
        let rows = (0..<60).map { (row: Int) -> String in
            let minute = "2024-03-\(10 + row % 19) 10:\(10 + row % 49)"
            return "\(minute):00,\(minute):\(10 + row % 7)"
        }
        let found = try infer("start,end\n" + rows.joined(separator: "\n") + "\n")
        #expect(found.schema.names == ["start.weekday", "start.time", "end.elapsed"])
        #expect(found.table.values[2] == (0..<60).map { (row: Int) -> Double in Double(10 + row % 7) })
        #expect(found.schema.table.columns[1].clock?.since == "start")
        guard case .real(let step, _) = found.schema.columns[2].kind else { return #expect(Bool(false)) }
        #expect(step == 1)
    }

    @Test func nightsAreNotCutInTwo() throws {
        let cells = (0..<400).map { row in
            let minute = (22 * 60 + row * 37 % 300) % 1440
            return
                "2024-03-0\(1 + row % 9) \(minute / 60 < 10 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
        }
        let found = try Decision(cells).found
        let clock = try #require(found.schema.table.columns[0].clock)
        // From 22:00 to 3:00 is one stretch of 5 hours.
        let times = found.table.values[1]
        #expect((times.max() ?? 0) - (times.min() ?? 0) < 5 * 3600, "\(clock.dayStart)")
    }

    @Test func dayAndMonthThatContradictAreNoDates() throws {
        let cells = (0..<60).map { $0 % 2 == 0 ? "13/1/2024" : "1/13/2024" }
        #expect(try Decision(cells).found.schema.table.columns[0].clock == nil)
    }

    @Test func aChoiceDecides() throws {
        let dates = (0..<30).map { "0\(1 + $0 % 9)/0\(1 + $0 % 7)/2024" }
        let dayFirst = try Decision(dates) { $0.choices = ["v": .date(form: "%d/%m/%Y")] }
        #expect(dayFirst.found.schema.table.columns[0].clock?.form == "%d/%m/%Y")
        #expect(dayFirst.found.table.values != (try Decision(dates)).found.table.values)
        // A form is not given up for what a cell shows.
        for form in ["%d/%m/%Y", "%m/%d/%Y"] {
            let cells = dates + [form.hasPrefix("%d") ? "01/31/2024" : "31/01/2024"]
            let wrong = #expect(throws: TableError.self) {
                try Decision(cells) { $0.choices = ["v": .date(form: form)] }
            }
            #expect(wrong?.problem == .dateOrder(form: form))
        }
        let few = try Decision(["1700000000", "1700003600"]) { $0.choices = ["v": .date(form: "seconds")] }
        #expect(few.found.schema.table.columns[0].clock?.parts == [.time])
        let error = #expect(throws: TableError.self) {
            try Decision((0..<30).map { "a\($0 % 3)" }) { $0.choices = ["v": .date(form: nil)] }
        }
        #expect(error?.problem == .cellNotDate(text: "a0") && error?.line == 2)
        #expect(throws: TableError.self) {
            try Decision((0..<30).map { _ in "2024-03-01" }) { $0.choices = ["v": .date(form: nil)] }
        }
        #expect(try Decision(dates) { $0.choices = ["v": .categorical] }.categories != nil)
    }

    @Test func aWrongDateIsToldWithARightOne() throws {
        let found = try Decision((0..<30).map { "2024-03-\(10 + $0 % 19)" }).found
        let schema = try #require(RowSchema(found.schema.columns.map(\.variable), table: found.schema.table))
        let problem = #expect(throws: RowProblem.self) {
            try schema.read("soon", column: 0, options: ReadingOptions(), row: "row 1")
        }
        #expect(problem?.detail == #"row 1.v: "soon" is not a date or time, as 2024-03-10 is"#)
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
