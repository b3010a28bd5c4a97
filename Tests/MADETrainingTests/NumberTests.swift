import Foundation
import MADE
import Testing

@testable import MADETraining

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
            text += ["e", "E", "e+", "e-", "e+-"][Int(generator.next() % 5)] + digits(2)
        }
        if generator.next() % 20 == 0 { text += ["x", " ", ".", "inf", "e"][Int(generator.next() % 5)] }
        return text
    }

    @Test func everyTextIsTheNumberThatItIs() throws {
        var generator = PhiloxGenerator(seed: 9)
        let texts = Array(Set((0..<20_000).map { _ in draw(using: &generator) })).filter { !$0.isEmpty }
        let schema = TableSchema(columns: [.init(name: "v", kind: .real(step: nil))])
        var accepted: [String] = []
        for text in texts {
            // A reader of one row each: a refusal ends a file.
            let value = try withTemporaryFile(Array("v\n\(text)\n".utf8)) { path -> Float? in
                try? Table.read(path, as: schema).values.first
            }
            let number = Double(text).map(Float.init).flatMap { $0.isFinite ? $0 : nil }
            #expect(value == number, "\(text)")
            if value != nil { accepted.append(text) }
            if accepted.count == 3000 { break }
        }
        #expect(accepted.count > 2000)
        // Many at once, beyond those that are kept as texts.
        try withTemporaryFile(Array("v\n\(accepted.joined(separator: "\n"))\n".utf8)) { path in
            let values = try Table.read(path, as: schema).values
            #expect(values == accepted.compactMap { Double($0).map(Float.init) })
            var options = SchemaOptions()
            options.choices = ["v": .real]
            #expect(try Table.infer(path, options: options).table.values == values)
        }
    }

    /// Every step is found whose multiples are written, whichever way.
    @Test(arguments: [1, 25, 0.5, 0.1, 0.01, 0.0004]) func theStepOfMultiplesIsFound(_ step: Double) throws {
        var generator = PhiloxGenerator(seed: UInt64(step * 1e4))
        let multiples = (0..<400).map { _ in Int(generator.next() % 120) - 20 }
        let cells = multiples.map { multiple in
            let value = (Double(multiple) * step * 1e6).rounded() / 1e6
            return multiple % 3 == 0 ? "\(value)00" : "\(value)"
        }
        let found = try withTemporaryFile(Array("v\n\(cells.joined(separator: "\n"))\n".utf8)) { try Table.infer($0) }
        #expect(found.schema.columns[0].kind == .real(step: Float(step)))
    }
}
