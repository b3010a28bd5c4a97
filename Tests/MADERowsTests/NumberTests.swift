import MADE
import Testing

@testable import MADERows

/// Numbers of cells against Swift's own reading of them.
@Suite struct NumberTests {
    /// Numbers in every way of writing them, and texts that nearly are some.
    private func draw(using generator: inout PhiloxGenerator) -> String {
        func digits(_ most: UInt64) -> String {
            (0..<generator.next() % (most + 1)).map { _ in String(generator.next() % 10) }.joined()
        }
        var text = ["", "", "-", "+", "--"][Int(generator.next() % 5)]
        text += digits(generator.next() % 9 == 0 ? 25 : 5)
        if generator.next() % 2 == 0 { text += "." + digits(generator.next() % 9 == 0 ? 25 : 5) }
        if generator.next() % 3 == 0 {
            text += ["e", "E", "e+", "e-", "e+-"][Int(generator.next() % 5)] + digits(3)
        }
        if generator.next() % 20 == 0 { text += ["x", " ", ".", "inf", "e"][Int(generator.next() % 5)] }
        return text
    }

    @Test func everyTextIsTheNumberThatItIs() throws {
        var generator = PhiloxGenerator(seed: 9)
        let texts = Array(Set((0..<20_000).map { _ in draw(using: &generator) })).filter { !$0.isEmpty && $0 != " " }
        let schema = TableSchema(columns: [.init(name: "v", kind: .real(step: nil))])
        let expected = texts.map { text in
            Double(text.last == " " ? String(text.dropLast()) : text).flatMap { $0.isFinite ? $0 + 0 : nil }
        }
        try withTemporaryFile(Array("v\n\(texts.joined(separator: "\n"))\n".utf8)) { path in
            let reader = try TableReader(path: path, schema: try schema.rowSchema(path: path))
            #expect(try reader.read(rowsMax: .max) == texts.count)
            let faulty = Set(reader.faultyRows)
            for (row, text) in texts.enumerated() where faulty.contains(row) != (expected[row] == nil) {
                Issue.record("\"\(text)\" is \(expected[row].map { "\($0)" } ?? "no number")")
            }
            #expect(reader.numbers.map(\.bitPattern) == expected.compactMap { $0?.bitPattern })
        }
        // The same, inferred: beyond those that are kept as texts.
        let numbers = zip(texts, expected).filter { $0.1 != nil }
        #expect(numbers.count > 10_000)
        let found = try infer("v\n\(numbers.map(\.0).joined(separator: "\n"))\n") { $0.choices = ["v": .real] }
        #expect(found.table.values == [numbers.compactMap(\.1)])
    }

    /// Every step is found whose multiples are written, whichever way.
    @Test(arguments: [1, 25, 0.5, 0.1, 0.01, 0.0004]) func theStepOfMultiplesIsFound(_ step: Double) throws {
        var generator = PhiloxGenerator(seed: UInt64(step * 1e4))
        let multiples = (0..<400).map { _ in Int(generator.next() % 120) - 20 }
        let cells = multiples.map { multiple in
            let value = (Double(multiple) * step * 1e6).rounded() / 1e6
            return multiple % 3 == 0 ? "\(value)00" : "\(value)"
        }
        let found = try infer("v\n\(cells.joined(separator: "\n"))\n")
        #expect(found.schema.columns[0].kind == .real(step: step, resolution: step))
    }

    /// In every range of exponents, of both precisions.
    @Test func theShortestDecimalIsWhatTheStandardLibraryDescribes() {
        var generator = PhiloxGenerator(seed: 41)
        var bytes: [UInt8] = []
        for _ in 0..<20_000 {
            let bits = generator.next()
            let double = Double(bitPattern: bits)
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            bytes.removeAll()
            NumberText.appendShortest(double, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            NumberText.appendShortest(float, to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(double) \(float)")
        }
    }

    @Test func aNumberIsWrittenAsPeopleWriteItAndReadsBackToTheBit() {
        let written: KeyValuePairs = [
            0: "0", -0.0: "0", 1: "1", -1: "-1", 100_000: "100000", 0.5: "0.5", 1e15: "1000000000000000",
            0x1p53: "9007199254740992", 0.00015: "0.00015", 1e-9: "0.000000001", 1e-10: "1e-10", 1e300: "1e+300",
            -2.5e-7: "-0.00000025", .leastNonzeroMagnitude: "5e-324",
        ]
        for (number, text) in written { #expect(NumberText.text(number) == text) }
        var generator = PhiloxGenerator(seed: 4)
        for _ in 0..<20_000 {
            let number = Double(bitPattern: generator.next())
            guard number.isFinite else { continue }
            let text = NumberText.text(number)
            #expect(NumberText.number(text) == number, "\(text)")
        }
    }
}
