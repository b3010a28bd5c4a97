import CRows
import Foundation
import Testing

private func read(_ text: String, _ form: Form = Form()) -> Double? {
    let texts = Texts()
    var form = texts.form(form)
    var number = 0.0
    return made_read_number(texts.text(text), &form, &number) ? number : nil
}

@Test func aPlainNumberIsReadAsTheNearestDouble() {
    let texts = [
        "0", "1", "+1", "-.5", "5.", "1e5", "1E+05", "1e-5", "007", "123456789012345678", "9007199254740993",
        "1234567890123456789012345678901234567890", "0.1", "0.30000000000000004", "2.2250738585072011e-308",
        "4.9406564584124654e-324", "1.7976931348623157e308", "0.000000000000000000000000000001", "1e22", "1e23",
        "8.5e-23", "0000000000000000000000000000001.5", "9007199254740992e3", "1.00000000000000000000000000000",
    ]
    for text in texts {
        #expect(read(text) == Double(text), "\(text)")
        #expect(read("\u{FEFF} \t\(text)\u{A0}\r\n") == Double(text), "\(text)")
    }
    #expect(read("1e309") == .infinity && read("-1e99999999999999999999") == -.infinity)
    #expect(read("1e-99999999999999999999") == 0 && read("0e99999999999999999999") == 0)
    #expect(read("0." + String(repeating: "0", count: 400) + "1") == 0)
    #expect(read(String(repeating: "1", count: 400)) == .infinity)
    #expect(read("-0")?.sign == .plus && read("-1e-999")?.sign == .plus)
    for text in [
        "", " ", "+", "-", ".", "+-1", "1e", "1e+", "e5", "1.2.3", "1 2", "0x1", "nan", "inf", "1_000", "1,5", "$5",
    ] {
        #expect(read(text) == nil, "\(text)")
    }
}

@Test func randomNumbersAreReadAsFoundationReadsThem() {
    var generator = Generator(state: 7)
    for seed in 0..<20_000 {
        var text = generator.chance(30) ? "-" : ""
        for _ in 0..<Int.random(in: 1...22, using: &generator) {
            text += String(UInt8.random(in: 0...9, using: &generator))
        }
        if generator.chance(60) {
            text += "."
            for _ in 0..<Int.random(in: 1...22, using: &generator) {
                text += String(UInt8.random(in: 0...9, using: &generator))
            }
        }
        if generator.chance(40) { text += "e\(Int.random(in: -330...330, using: &generator))" }
        #expect(read(text) == Double(text), "\(seed): \(text)")
    }
    for seed in 0..<20_000 {
        let value = Double(bitPattern: generator.next())
        if value.isFinite { #expect(read("\(value)") == value, "\(seed): \(value)") }
    }
}

@Test func aFormAllowsGroupsUnitsAndADecimalComma() {
    let grouped = Form(groupSeparator: ",")
    #expect(read("1,234.5", grouped) == 1234.5 && read("1234.5", grouped) == 1234.5 && read("999", grouped) == 999)
    for text in ["1,23", "1,2345", "1234,567", ",123", "1,", "1,234,56", "0,123", "1.234,5", "1,,234"] {
        #expect(read(text, grouped) == nil, "\(text)")
    }
    let spaced = Form(hasDecimalComma: true, groupSeparator: " ")
    for text in ["1 234,5", "1\u{A0}234,5", "1\u{202F}234,5"] { #expect(read(text, spaced) == 1234.5, "\(text)") }
    #expect(read("1  234", spaced) == nil && read("1\t234", spaced) == nil)
    #expect(read("1'234", Form(groupSeparator: "'")) == 1234 && read("1_234", Form(groupSeparator: "_")) == 1234)
    let dollar = Form(groupSeparator: ",", unit: "$")
    for text in ["$1,234", "1,234$", "$ 1,234", "1,234 $", "+$1,234", "$+1,234", "1234"] {
        #expect(read(text, dollar) == 1234, "\(text)")
    }
    #expect(read("-$5", dollar) == -5 && read("$-5", dollar) == -5 && read("-5$", dollar) == -5)
    for text in ["$", "$$5", "$5$", "--$5", "-$-5", "5 EUR", "$ - 5"] { #expect(read(text, dollar) == nil, "\(text)") }
    #expect(read("5 EUR", Form(unit: "EUR")) == 5 && read("EUR 5", Form(unit: "EUR")) == 5)
}

private func find(_ texts: [String], prefersDecimalComma: Bool = false) -> Form? {
    let owned = Texts()
    var form = made_number_form()
    guard made_find_number_form(owned.list(texts), texts.count, prefersDecimalComma, &form) else { return nil }
    let separator = UInt8(bitPattern: form.group_separator)
    return Form(
        hasDecimalComma: form.has_decimal_comma,
        groupSeparator: separator == 0 ? "" : String(UnicodeScalar(separator)), unit: string(form.unit))
}

@Test func theFormOfNumbersIsFound() {
    let comma = Form(hasDecimalComma: true)
    let cases: [([String], Bool, Form?)] = [
        (["1", "2.5", "1e5"], false, Form()), (["1.234", "5.678"], true, Form()),
        (["1,5", "2"], false, comma), (["1,234", "5,678"], false, Form(groupSeparator: ",")),
        (["1,234", "5,678"], true, comma), (["1,234", "5,67"], false, comma), (["0,123"], false, comma),
        (["1,234.5"], true, Form(groupSeparator: ",")),
        (["1.234,5"], false, Form(hasDecimalComma: true, groupSeparator: ".")),
        (["1,234,567"], true, Form(groupSeparator: ",")),
        (["1.234", "5,6"], false, Form(hasDecimalComma: true, groupSeparator: ".")),
        (["1 234", "5"], false, Form(groupSeparator: " ")), (["1'234.50"], false, Form(groupSeparator: "'")),
        (["$1,234.50", "$2"], false, Form(groupSeparator: ",", unit: "$")),
        (["5%", "7 %", "8"], false, Form(unit: "%")),
        (["1.234,50 €", "-3 €"], false, Form(hasDecimalComma: true, groupSeparator: ".", unit: "€")),
        (["5 kg", "7.5 kg"], false, Form(unit: "kg")), (["EUR 5", "EUR 6"], false, Form(unit: "EUR")),
        (["$5", "€5"], false, nil), (["A1", "A2"], false, nil), (["5 miles"], false, Form(unit: "miles")),
        (["5miles"], false, nil),
        (["x", "1"], false, nil),
        (["1,234", "5 678"], false, Form(hasDecimalComma: true, groupSeparator: " ")), ([""], false, nil),
        (["1.2.3"], false, nil),
    ]
    for (texts, prefersDecimalComma, form) in cases {
        #expect(find(texts, prefersDecimalComma: prefersDecimalComma) == form, "\(texts) \(prefersDecimalComma)")
    }
}

private func normalised(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { buffer in
            let text = made_text(bytes: buffer.baseAddress, count: buffer.count)
            let count = made_normalise(text, nil, 0)
            var result = [CChar](repeating: 0, count: count)
            #expect(made_normalise(text, &result, count) == count)
            return result.map { UInt8(bitPattern: $0) }
        }
    }
}

@Test func textsAreBroughtToNormalFormC() {
    let cases = [
        "", " ", "a", " a b\t\r\n", "e\u{301}", "\u{E9}", "\u{FEFF}\u{A0}x\u{A0}", "a\u{328}\u{301}", "a\u{301}\u{328}",
        "\u{1100}\u{1161}\u{11A8}", "\u{212B}", "\u{1F600} e\u{302}\u{301}", "\u{FB01}", "q\u{307}\u{323}", "\u{958}",
    ]
    for text in cases {
        let expected = text.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\n\u{A0}\u{FEFF}"))
            .precomposedStringWithCanonicalMapping
        #expect(normalised(Array(text.utf8)) == Array(expected.utf8), "\(text.debugDescription)")
    }
    #expect(normalised([0x20, 0x65, 0xFF, 0x20]) == [0x65, 0xFF])
    var generator = Generator(state: 3)
    let scalars = [0x41, 0x65, 0x301, 0x300, 0x328, 0x323, 0x1100, 0x1161, 0x11A8, 0x3B1, 0x345, 0x1F70, 0x9C7, 0x9BE]
    for seed in 0..<3000 {
        var text = "x"
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            text.unicodeScalars.append(UnicodeScalar(UInt32(scalars.randomElement(using: &generator) ?? 0x41)) ?? "?")
        }
        #expect(
            normalised(Array(text.utf8)) == Array(text.precomposedStringWithCanonicalMapping.utf8),
            "\(seed): \(text.unicodeScalars.map(\.value))")
    }
    #expect(normalised(Array("\u{AC00}\u{11A8}".utf8)) == Array("\u{AC01}".utf8))
    // Marks that are out of order take no time quadratic in their number.
    let marks = String(repeating: "\u{301}\u{323}", count: 200_000)
    #expect(normalised(Array("a\(marks)".utf8)).count == "a\(marks)".utf8.count)
}
