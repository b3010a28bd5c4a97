import MADE
import Testing

@testable import MADERows

/// Labels, codes, and words for true and false.
@Suite struct LabelTests {
    @Test func theNearestOfNumbersIsNearestByDistance() {
        let codes = Variable(
            name: "size",
            kind: .categorical(
                Categories(
                    labels: ["9", "10.5", "100", "other"], otherIndex: 3, rareLabels: ["40"], rareRowCounts: [3])))
        for (text, nearest) in [("11", "10.5"), ("-3", "9"), ("9.9", "10.5"), ("1e9", "100"), ("39", "40")] {
            #expect(codes.nearestValue(to: text) == nearest, "\(text)")
        }
        #expect(codes.nearestValue(to: "10.x") == "10.5")
        #expect(codes.objection(to: "11", shown: "\"11\"", isIndex: false).hasSuffix("; did you mean '10.5'?"))
        // Codes with leading zeros are texts.
        let postcodes = Variable(name: "zip", kind: .categorical(Categories(labels: ["01234", "91239"])))
        #expect(postcodes.nearestValue(to: "91234") == "01234")
    }

    @Test func zipCodesAreLabels() throws {
        // Thirty codes of forty rows; every one a number.
        let codes = (0..<1200).map { "\(98_101 + $0 % 30 * 3)" }
        let plain = try Decision(codes)
        #expect(plain.remarks == [.codes] && plain.categories?.labels.count == 30)
        #expect(plain.labels == codes)
        // Some with a leading zero.
        let northern = codes.map { $0.hasSuffix("4") ? "0" + $0.dropFirst() : $0 }
        let found = try Decision(northern)
        #expect(found.labels == northern && found.categories?.labels.contains("08104") == true)
        #expect(found.column.labelsAreNumbers == false)
        // Missing ones, and one with the street.
        let mixed = codes + ["?", "98115-4820", "?"]
        let street = try Decision(mixed)
        #expect(street.labels == mixed.map { $0 == "?" ? nil : $0 })
        #expect(street.column.missingTexts == ["?"])
        // A choice makes numbers of them.
        #expect(try Decision(codes) { $0.choices = ["v": .real] }.values == codes.compactMap(Double.init))
    }

    static let numbers: [[String]] = [
        // Ages, years, counts, measurements: of one width, but with their neighbours, or seldom seen.
        (0..<1200).map { "\(100 + $0 % 80)" }, (0..<1200).map { "\(1950 + $0 % 60)" },
        (0..<1200).map { "\($0 % 400)" }, (0..<60).map { "\(1000 + $0 * 937 % 8999)" },
    ]

    @Test(arguments: numbers) func numbersOfOneWidthThatAreNoCodesStayNumbers(_ cells: [String]) throws {
        #expect(try Decision(cells.shuffledOnce).isReal)
    }

    @Test func numbersBeyondDoublesStayApart() throws {
        let accounts = (0..<6).map { "\(9_007_199_254_740_991 + $0)" }
        let cells = (0..<180).map { accounts[$0 % 6] }
        let decision = try Decision(cells)
        #expect(decision.labels == cells && decision.categories?.labels == accounts)
        let unknown = try read("9007199254740997\n9007199254740992.0\n9007199254740990\n", decision)
        #expect(unknown == [-1, 1, -1])
    }

    @Test func aPartNumberIsItsText() throws {
        let cells = (0..<60).flatMap { _ in ["1e5", "007", "0.50", "100000", "A17", "7"] }
        let decision = try Decision(cells)
        #expect(decision.labels == cells && decision.categories?.labels.count == 6)
        #expect(try read("0.5\n1E5\n+7\n007\n", decision).map { $0 < 0 } == [true, true, true, false])
    }

    @Test func codesWrittenAsFloatsAreTheSameNumbers() throws {
        let whole = (0..<120).map { "\(10 * ($0 % 4 + 1))" }
        let (one, other) = (try Decision(whole), try Decision(whole.map { $0 + ".0" }))
        #expect(one.kind == other.kind && one.values == other.values && one.isReal)
        let labels = try Decision(whole.map { $0 + ".0" }) { $0.choices = ["v": .categorical] }
        #expect(labels.categories?.labels == ["10", "20", "30", "40"] && labels.column.labelsAreNumbers)
        #expect(try read("10\n10.0\n+10\n1e1\n50\n", labels) == [0, 0, 0, 0, -1])
    }

    @Test func numbersAmongWordsAreLabelsHoweverManyThereAre() throws {
        // More different numbers than are kept as texts; a fifth of the rows are words.
        let words = ["low", "high", "none"]
        let cells = (0..<15_000).map { (row: Int) -> String in row % 5 == 0 ? words[row / 5 % 3] : "\(row * 7 % 1500)" }
        let decision = try Decision(cells)
        #expect(decision.found.facts[0].missingCount == 0 && decision.labels == cells)
        #expect(try read("1499\nlow\n1\n1.50\n", decision).map { $0 < 0 } == [false, false, false, true])
    }

    static let truths: [(cells: [String], no: String, yes: String, values: [Double])] = [
        (["true", "false", "true"], "false", "true", [1, 0, 1]),
        (["True", "False", "FALSE", "False"], "False", "True", [1, 0, 0, 0]),
        (["t", "f"], "f", "t", [1, 0]),
        (["yes", "no", "Yes", "yes"], "no", "yes", [1, 0, 1, 1]),
        (["Y", "N", ""], "N", "Y", [1, 0, .nan]),
        (["y", "no"], "no", "y", [1, 0]),
        (["true", "f", "0", "1"], "f", "true", [1, 0, 0, 1]),
        (["yes", "0", "0"], "no", "yes", [1, 0, 0]),
        (["yes", "yes"], "no", "yes", [1, 1]),
    ]

    @Test(arguments: truths) func wordsForTrueAndFalseAreBinary(
        _ cells: [String], _ no: String, _ yes: String, _ values: [Double]
    ) throws {
        let decision = try Decision(cells)
        #expect(decision.kind == .binary && decision.column.truthTexts == [no, yes])
        #expect(decision.remarks.first == .truths(no, yes))
        #expect(decision.values.map(\.description) == values.map(\.description))
        let words = "TRUE\nno\nY\nf\n1\n0\n\(no)\n\(yes)\n"
        #expect(try read(words, decision) == [1, 0, 1, 0, 1, 0, 0, 1])
    }

    static let noTruths = [
        ["y", "f"], ["n", "f"], ["yes", "no", "maybe"], ["true", "no"], ["yes", "no", "2"], ["t", "x"],
    ]

    @Test(arguments: noTruths) func otherWordsAreLabels(_ cells: [String]) throws {
        let decision = try Decision(cells)
        #expect(decision.labels == cells && decision.column.truthTexts == nil)
    }

    @Test func labelsOfOneNormalFormAreOne() throws {
        let decision = try Decision(["Z\u{fc}rich", "Zu\u{308}rich", " Zürich\u{a0}", "\"\u{301}x", "\"x"])
        #expect(decision.categories?.labels.count == 3)
        #expect(decision.values[0] == decision.values[1] && decision.values[1] == decision.values[2])
        let named = try infer("citta\u{300},x\nRoma,1\n")
        #expect(named.schema.names == ["citt\u{e0}", "x"])
        #expect(named.schema.names[0].unicodeScalars.count == 5)
    }

    @Test func aColumnOfOneLabelIsConstant() throws {
        #expect(try Decision(["a", "a", ""]).remarks == [.constant])
        #expect(try Decision(["1", "1", "1"]).remarks == [.constant])
        #expect(try Decision(["7.5", "7.5"]).remarks == [.constant])
        #expect(try Decision(["0", "1"]).remarks.isEmpty)
    }

    @Test func aColumnThatIsMissingInNearlyAllRowsIsKept() throws {
        let cells = (0..<400).map { $0 % 80 == 0 ? "Ex" : "NA" }
        let text = "v,n\n" + cells.enumerated().map { "\($1),\($0 % 9 == 0 ? "NA" : "\($0 % 5).5")\n" }.joined()
        let decision = try Decision(infer(text))
        #expect(decision.categories?.labels == ["Ex"] && decision.column.missingTexts == ["NA"])
        #expect(decision.column.missingRowCount == 395 && decision.found.facts[0].missingCount == 395)
    }

    @Test func fewWholeNumbersAreSaidToBePerhapsCodes() throws {
        #expect(try Decision(["1", "2", "3", "1"]).remarks == [.fewNumbers(count: 3)])
    }

    /// The values of column v of other rows, which are read by what was inferred.
    private func read(_ cells: String, _ decision: Decision) throws -> [Double] {
        let index = try #require(decision.found.schema.names.firstIndex(of: "v"))
        let lines = cells.split(separator: "\n").map { "\($0),0.5\n" }.joined()
        return try MADERowsTests.read("v,beside\n\(lines)", as: decision.found).values[index]
    }
}

extension [String] {
    /// In an order that does not rise.
    fileprivate var shuffledOnce: [String] {
        var generator = PhiloxGenerator(seed: 8)
        return shuffled(using: &generator)
    }
}
