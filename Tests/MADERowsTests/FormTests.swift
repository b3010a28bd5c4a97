import MADE
import Testing

@testable import MADERows

/// How numbers and whole files are written.
@Suite struct FormTests {
    static let forms: [(cells: [String], form: Schema.NumberForm, values: [Double])] = [
        (["1,5", "2,25", "-3"], .init(hasDecimalComma: true), [1.5, 2.25, -3]),
        (["1.234,5", "7,25"], .init(hasDecimalComma: true, groupSeparator: "."), [1234.5, 7.25]),
        (["1,234", "12", "1,234,567"], .init(groupSeparator: ","), [1234, 12, 1_234_567]),
        (["1,234.5", "7.25"], .init(groupSeparator: ","), [1234.5, 7.25]),
        (["1'234.5", "7.25"], .init(groupSeparator: "'"), [1234.5, 7.25]),
        (["1\u{a0}234,5", "7,25"], .init(hasDecimalComma: true, groupSeparator: " "), [1234.5, 7.25]),
        (["$1,234.50", "-$7", "12"], .init(groupSeparator: ",", unit: "$"), [1234.5, -7, 12]),
        (["1,50 €", "7 €"], .init(hasDecimalComma: true, unit: "€"), [1.5, 7]),
        (["EUR 15.5", "EUR 7"], .init(unit: "EUR"), [15.5, 7]),
        (["50%", "7.5 %"], .init(unit: "%"), [50, 7.5]),
        (["50%", "", "NA"], .init(unit: "%"), [50, .nan, .nan]),
        (["21.5°C", "-3 °C", "\u{2212}4°C"], .init(unit: "°C"), [21.5, -3, -4]),
        (["80 km/h", "95.5 km/h"], .init(unit: "km/h"), [80, 95.5]),
        (["12 days", "1,000 days"], .init(groupSeparator: ",", unit: "days"), [12, 1000]),
        (["70 m²", "\u{2212}3 m²"], .init(unit: "m²"), [70, -3]),
        (["(1,200)", "7.5", "1,000"], .init(groupSeparator: ",", hasParentheses: true), [-1200, 7.5, 1000]),
        (
            ["($1,200.50)", "$7", "$(3)", "( $4 )"],
            .init(groupSeparator: ",", unit: "$", hasParentheses: true), [-1200.5, 7, -3, -4]
        ),
        (["(5 €)", "7 €", "(6) €"], .init(unit: "€", hasParentheses: true), [-5, 7, -6]),
        (["5‰", "7,5 ‰"], .init(hasDecimalComma: true, unit: "‰"), [5, 7.5]),
    ]

    @Test(arguments: forms) func numbersAreReadAsTheyAreWritten(
        _ cells: [String], _ form: Schema.NumberForm, _ values: [Double]
    ) throws {
        let decision = try Decision(cells)
        #expect(decision.isReal && decision.column.numberForm == form && decision.remarks.contains(.numberForm(form)))
        #expect(decision.values.map(\.description) == values.map(\.description))
    }

    /// As spreadsheets and web pages write it.
    @Test func theMinusSignOfTypographyIsAMinus() throws {
        let decision = try Decision(["\u{2212}12.5", "-3", "7", "\u{2212}12.5"])
        #expect(decision.isReal && decision.column.numberForm.isPlain && decision.values == [-12.5, -3, 7, -12.5])
    }

    @Test func aCommaIsTheDecimalOneWhereSemicolonsSeparate() throws {
        let found = try infer("a;b;c\n1,234;0,5;x\n2,345;1,5;y\n")
        #expect(found.table.values == [[1.234, 2.345], [0.5, 1.5], [0, 1]])
        #expect(found.remarks == ["cells are separated by \";\""])
        #expect(found.facts[0].remarks == [.numberForm(.init(hasDecimalComma: true))])
    }

    static let noForms = [
        ["A1", "A2", "A1"], ["1a", "2", "3"], ["1 kg", "2 lb"], ["$5", "5 €"], ["1,2,3", "4,5,6"], ["5 %", "x"],
        ["12 days", "1 day"], ["3 Elm Road", "5 Elm Road"], ["4 /h", "5 /h"], ["7abcd", "9abcd"], ["\u{2212}", "5"],
        ["(1)", "(2)"], ["(-5)", "5"], ["(5", "6"], ["(a)", "6"], ["()", "6"],
    ]

    @Test(arguments: noForms) func whatIsNoFormIsLabels(_ cells: [String]) throws {
        let decision = try Decision(cells)
        #expect(decision.labels == cells && decision.column.numberForm.isPlain)
    }

    @Test func aHeaderOfNumbersIsOneWhereSomebodySaysSo() throws {
        let text = "2019,2020\n0.5,1.5\n2.5,3.5\n"
        let guessed = try infer(text)
        #expect(guessed.schema.names == ["column_1", "column_2"] && guessed.table.rowCount == 3)
        #expect(!guessed.schema.table.hasHeader)
        #expect(guessed.remarks.count == 1 && guessed.remarks[0].contains("the first line is a row"))
        let named = try infer(text) { $0.header = .present }
        #expect(named.schema.names == ["2019", "2020"] && named.table.values == [[0.5, 2.5], [1.5, 3.5]])
        #expect(named.schema.table.hasHeader && named.remarks.isEmpty)
        let none = try infer("a,b\nc,d\n") { $0.header = .absent }
        #expect(none.schema.names == ["column_1", "column_2"] && none.table.rowCount == 2)
        #expect(try infer("0.23,Ideal\n0.5,Good\n").table.rowCount == 2, "a measurement is no name")
        // Rows of such a table have no header either.
        #expect(try read("7.5,8.5\n", as: guessed).values == [[7.5], [8.5]])
    }

    @Test func linesOfJSONAreATable() throws {
        let text = """
            {"n": 1.5, "l": "x", "b": true}
            {"l": "y", "n": null, "b": false, "late": 7}

            {"n": 2.5, "b": true, "late": 8, "l": ""}
            """
        let found = try infer(text)
        #expect(found.schema.names == ["n", "l", "b", "late"])
        #expect(found.table.rows == [["1.5", "0", "1", "-"], ["-", "1", "0", "7"], ["2.5", "-", "1", "8"]])
        #expect(found.schema.columns[2].kind == .binary && found.remarks.isEmpty)
        let arrays = try infer("[1.5, \"x\"]\n[2.5, \"y\"]\n")
        #expect(
            arrays.schema.names == ["column_1", "column_2"] && arrays.table.rows == [["1.5", "0"], ["2.5", "1"]])
        let broken = try infer("{\"n\": 1.5}\n{\"n\": 2.5\n{\"n\": 3.5}\n")
        #expect(broken.table.values == [[1.5, 3.5]] && broken.remarks.count == 1)
        #expect(broken.remarks[0].contains("line 2"))
    }

    @Test func commentsArePassedOver() throws {
        let text = "# made by hand\n#! of two columns\na,b\n1.5,x\n# the rest\n2.5,y\n#3,z\n"
        let found = try infer(text)
        #expect(found.schema.names == ["a", "b"] && found.table.rowCount == 3)
        // A line of as many cells is a row, whatever it begins with.
        #expect(try infer("#,b\n1,x\n2,y\n").schema.names == ["#", "b"])
    }

    @Test func aFirstLineThatNamesTheSeparatorIsNoHeader() throws {
        let found = try infer("sep=|\r\na,x|b\r\n1,5|x\r\n2,5|y\r\n")
        #expect(found.schema.names == ["a,x", "b"] && found.table.values[0] == [1.5, 2.5])
        #expect(found.remarks == ["cells are separated by \"|\""])
        for text in ["sep=;,b\n1,2\n", "sep=\n1\n2\n", "sep=ab\n1\n2\n"] {
            #expect(try infer(text).schema.names[0].hasPrefix("sep="), "\(text)")
        }
    }

    @Test func linesThatAreNoRowsArePassedOverAndSaid() throws {
        let found = try infer("a,b\n1.5,x\n2.5\n2.5,y,z\n3.5,x\n4.5,\"x\"y\n,\n")
        #expect(found.table.rows == [["1.5", "0"], ["3.5", "0"], ["-", "-"]])
        #expect(found.remarks.count == 1)
        #expect(found.remarks[0].hasPrefix("3 lines are no rows and were passed over"))
        #expect(found.remarks[0].hasSuffix("lines 3, 4, 6"))
    }

    @Test func aFirstLineThatIsNoneIsAnErrorAndNotPassedOver() throws {
        let error = #expect(throws: TableError.self) { try infer("\"a\"x,b\n1.5,c\n2.5,d\n") }
        #expect(error?.problem == .headerMalformed && error?.line == 1)
    }

    @Test func columnsOfOneNameAreToldApart() throws {
        let text = "a,a,b,a.1,a\n1.5,2.5,3.5,4.5,5.5\n"
        let found = try infer(text)
        #expect(Set(found.schema.names).count == 5 && found.schema.names[0] == "a" && found.schema.names[3] == "a.1")
        #expect((0..<5).map { found.table.values[$0][0] } == [1.5, 2.5, 3.5, 4.5, 5.5])
        #expect(try read(text, as: found).values == found.table.values)
        #expect(try streamed(text, as: found) == found.table.rows)
    }

    @Test func aTableWhoseCellsBlanksSeparateIsNotTakenForOneColumnInSilence() throws {
        let found = try infer("a  b c\n1.5 2 x\n2.5  3 y\n")
        #expect(found.schema.names == ["a  b c"] && found.remarks.count == 1)
        #expect(found.remarks[0].contains("tr -s ' ' ',' < TABLE"))
        #expect(try infer("1.5 2\n2.5 3\n").remarks.contains { $0.contains("tr -s") })
        for (separator, tr) in [("\u{1}", "'\\001'"), ("\u{1f}", "'\\037'"), ("^", "'^'"), ("~", "'~'"), (":", "':'")] {
            let text = "a b,c\n1.5 x,2\n2.5 y,3\n".split(separator: ",").joined(separator: separator)
            #expect(try infer(text).remarks.contains { $0.hasSuffix("tr \(tr) ',' < TABLE") })
        }
        let error = #expect(throws: TableError.self) {
            try infer("id^a\n" + (0..<60).map { "\($0)^\($0 * 7 % 11)\n" }.joined())
        }
        #expect(
            error?.description.hasSuffix(
                ": all columns are left out: id^a (its values name rows: the choice .categorical for id^a or the "
                    + "choice .real for id^a keeps it); "
                    + "one column was found; if carets separate the cells, put commas in their place: "
                    + "tr '^' ',' < TABLE") == true)
        for text in ["full name\nx y z\nu v\n", "a b,c\n1 2,3\n", "a\nx\n"] {
            #expect(try infer(text).remarks.isEmpty, "\(text)")
        }
    }

    @Test func rowNamesAsRWritesThemAreAColumnWithoutAName() throws {
        let text = "\"a\",\"b\"\n\"1\",1.5,\"x\"\n\"2\",2.5,\"y\"\n\"3\",NA,\"x\"\n"
        let found = try infer(text)
        #expect(found.schema.names == ["a", "b"] && found.table.rows == [["1.5", "0"], ["2.5", "1"], ["-", "0"]])
        #expect(found.schema.table.columns.first?.leftOut == .unnamed)
        #expect(try streamed(text, as: found) == found.table.rows)
        // A table without them is read as well, and one with them by a model that knows of none.
        #expect(try streamed("a,b\n1.5,x\n", as: found) == [["1.5", "0"]])
        let plain = try infer("a,b\n1.5,x\n,y\n")
        #expect(
            try streamed(text.replacing("NA", with: ""), as: plain) == [["1.5", "0"], ["2.5", "1"], ["-", "0"]])
        // Nobody meant the cell that a separator at the end of each line makes.
        for text in ["a,b\n1.5,x,\n2.5,,\n", "a,b,\n1.5,x,\n2.5,,,\n"] {
            #expect(try streamed(text, as: found) == [["1.5", "0"], ["2.5", "-"]], "\(text)")
        }
        #expect(try streamed("a,b\n1.5,x,,y\n1.5\n", as: found).isEmpty)
        let nameless = try infer("1.5,0.5\n2.5,0.25\n")
        #expect(try streamed("1.5,0.5,\n2.5,0.25,,\n", as: nameless) == nameless.table.rows)
    }

    @Test func nestedJSONIsALabelByItsText() throws {
        let text = """
            {"tags": ["a", "b c"], "n": 1.5, "o": {"k": "\\"  "}}
            {"tags": ["a","b c"], "n": 2.5, "o": {"k":"\\"  "}}
            {"tags": [], "n": 3.5, "o": {}}
            {"tags": ["a","b  c"], "n": 4.5, "o": {}}
            """
        let found = try infer(text)
        #expect(found.table.values[0][0] == found.table.values[0][1])
        #expect(Set(found.table.values[0]).count == 3 && Set(found.table.values[2]).count == 2)
        #expect(try streamed(text, as: found) == found.table.rows)
        // A number is no list of one.
        #expect(try streamed("{\"tags\": [], \"n\": [1.5], \"o\": {}}", as: found).isEmpty)
    }

    @Test func bytesThatAreNotUTF8AreReadAsLatin1AndSaid() throws {
        let bytes = Array("a,b\n1.5,gr".utf8) + [0xfc] + Array("n\n2.5,rot\n".utf8)
        let found = try withTemporaryFile(bytes) { try Table.infer($0) }
        #expect(found.remarks.count == 1 && found.remarks[0].contains("Latin-1"))
        guard case .categorical(let categories) = found.schema.columns[1].kind else { return }
        #expect(categories.rareLabels == ["grün", "rot"])
    }
}
