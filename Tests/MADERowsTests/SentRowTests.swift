import MADE
import Oracle
import Testing

@testable import MADERows

/// Tables that are given back as they came, but for some cells.
@Suite struct SentRowTests {
    private static let variables = [
        Variable(
            name: "city", kind: .categorical(Categories(labels: ["Köln", "Paris"])),
            unseen: UnseenValues(rowCount: 100)),
        Variable(
            name: "price", kind: .real(RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 1, step: 0.5))),
    ]

    private func schema(hasHeader: Bool = true) throws -> RowSchema {
        var columns = ["id", "city", "price"].map { Schema.Column(name: $0) }
        columns[0].leftOut = .identifier
        columns[2].numberForm = Schema.NumberForm(hasDecimalComma: true, groupSeparator: ".", unit: "€")
        return try #require(RowSchema(Self.variables, table: Schema(columns: columns, hasHeader: hasHeader)))
    }

    /// What is written of a table whose cells nobody changes, or whose price becomes `price`.
    private func givenBack(_ text: String, hasHeader: Bool = true, price: SentCell? = nil) throws -> String {
        try withTemporaryFile(Array(text.utf8)) { path in
            let (reader, lines) = try TableReader.givingBack(
                path, schema: schema(hasHeader: hasHeader), options: ReadingOptions(), command: "test -")
            var bytes = lines.header()
            while try reader.read(rowsMax: 2) > 0 {
                for row in reader.sentRows {
                    var cells = row.cells
                    if let price, let place = lines.columns.places[1] { cells[place] = price }
                    lines.append(cells, to: &bytes)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test(arguments: [
        "city,price\nKöln,3\nParis,\"1.234,50 €\"\n", "price;id;city\n1.234,50 €;a,b;Köln\n;c;\n",
        "id\tprice\tnew\tcity\n7\t3\tx\tParis\n7\t3\t\tParis\n7\tcheap\ty\tParis\n", ",city,price\n0,Köln,3\n1,Rom,4\n",
        "id,city,price\n\"say \"\"hi\"\"\",Köln,3\n\"#1\",Köln,3\n", "city|price\nKöln|3\n",
    ]) func whatNobodyChangesIsWrittenAsItCame(text: String) throws {
        #expect(try givenBack(text) == text)
    }

    @Test func formsThatMeanTheSameAreWrittenPlainly() throws {
        #expect(try givenBack("\u{FEFF}city,price\r\n\"Köln\",\"3\"\r\n\r\nParis,4") == "city,price\nKöln,3\nParis,4\n")
        #expect(try givenBack("7;Köln;3,5\n8;Rom;\n", hasHeader: false) == "7;Köln;3,5\n8;Rom;\n")
        #expect(try givenBack("Köln;3,5\n", hasHeader: false) == "Köln;3,5\n")
    }

    @Test func changedCellsAreQuotedWhereTheyHaveTo() throws {
        let price = try text().cell(1234.5, of: 1, in: .csv)
        #expect(price == .text("1234,5"))
        #expect(try givenBack("id;city;price\n1;Köln;3\n", price: price) == "id;city;price\n1;Köln;1234,5\n")
        #expect(try givenBack("id,city,price\n1,Köln,3\n", price: price) == "id,city,price\n1,Köln,\"1234,5\"\n")
        #expect(try text().cell(1234.5, of: 1, in: .ndjson) == .json("1234.5"))
    }

    @Test func linesOfJSONAreObjectsWithAllThatTheyHad() throws {
        let text = #"{"new":[1, 2],"price":3.50,"city":"Köln"}"# + "\n[7,\"Rom\",null]\n{\"city\":4}\n"
        #expect(
            try givenBack(text) == #"{"city":"Köln","price":3.50,"new":[1, 2]}"# + "\n"
                + #"{"id":7,"city":"Rom","price":null}"# + "\n" + #"{"city":4,"price":null}"# + "\n")
    }

    @Test func columnsThatCannotBeToldApartAreRefused() throws {
        #expect(throws: TableError.self) { try givenBack(",,city,price\n1,2,Köln,3\n") }
        #expect(throws: TableError.self) { try givenBack("id,city\n1,Köln\n") }
    }

    private func text() throws -> RowText {
        var generator = PhiloxGenerator(seed: 1)
        var model = RandomModel.mixed(Self.variables, hiddenWidths: [2], using: &generator)
        model.schema = try schema().table
        return RowText(model.card)
    }
}

/// The nearest time whose parts are others.
@Suite struct NearestDateTests {
    private let clock = Clock(form: "%Y-%m-%d %H:%M", parts: [.weekday, .month, .time], dayStart: 4 * 3600)
    /// Friday, the first of March 2024, 10:15.
    private let start = 1_709_288_100.0

    private func nearest(_ weekday: Double, _ month: Double, _ time: Double = 6.25 * 3600) -> String {
        clock.text(clock.nearest(to: start, values: [weekday, month, time]))
    }

    @Test func itIsTheDayItselfWhereNothingElseIsAsked() {
        #expect(nearest(4, 2) == "2024-03-01 10:15")
        #expect(nearest(4, 2, 21 * 3600) == "2024-03-01 01:00", "the day begins at 4")
    }

    @Test func daysAreTakenFromNearby() {
        #expect(nearest(3, 1) == "2024-02-29 10:15")
        #expect(nearest(3, 2) == "2024-03-07 10:15")
        #expect(nearest(4, 6) == "2024-07-05 10:15")
        #expect(nearest(0, 11) == "2023-12-25 10:15")
    }

    @Test func everyWeekdayOfEveryMonthIsFound() {
        for weekday in 0..<7 {
            for month in 0..<12 {
                let found = clock.nearest(to: start, values: [Double(weekday), Double(month), 0])
                #expect(Clock.Part.weekday.number(at: found) == Double(weekday))
                #expect(Clock.Part.month.number(at: found) == Double(month))
            }
        }
    }
}
