import CRows
import Testing

private let columns = [
    Column(name: "x", kind: MADE_COLUMN_REAL, centre: 0.25, scale: 3, atoms: [-1.5, 0]),
    Column(name: "a_longer_name", kind: MADE_COLUMN_REAL, hasMissing: true), Column(name: "b"),
    Column(name: "größe", kind: MADE_COLUMN_CATEGORICAL, labels: ["S", "M", "x y", "1"], hasUnseen: true),
    Column(name: "n", kind: MADE_COLUMN_REAL, missing: ["-999"]),
]

/// Lines of objects, most of which have the same keys in the same order.
private struct LineWriter {
    var generator: Generator

    /// Digits that a decimal number may have at most.
    private mutating func digits(_ most: Int) -> String {
        (0..<Int.random(in: 1...most, using: &generator)).map { _ in
            String(Int.random(in: 0...9, using: &generator))
        }.joined()
    }

    mutating func number() -> String {
        let sign = generator.chance(50) ? "-" : ""
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return sign + String(Int.random(in: 0...12, using: &generator))
        case 1: return "\(Double.random(in: -3...3, using: &generator))"
        case 2: return sign + "1.5e-\(digits(3))"
        case 3: return sign + digits(20)
        case 4: return sign + "0." + digits(25)
        case 5:
            return ["-1.5", "0", "-0", "0.0", "-999", "1e400", "1E+2", "9007199254740993", "00", "1.", "-", ".5"]
                .randomElement(using: &generator) ?? ""
        default: return sign + "\(Int.random(in: 0...9, using: &generator))." + digits(6)
        }
    }

    mutating func value(_ key: String) -> String {
        if generator.chance(4) {
            return [
                "null", "true", "false", "nul", "[1]", "{}", "\"\"", "\"é\"", "\"\\u0053\"", "\"\t\"", "\"\u{7F}\"",
            ]
            .randomElement(using: &generator) ?? ""
        }
        if key == "b" { return generator.chance(50) ? "0" : "1" }
        if key == "größe" { return ["\"S\"", "\"M\"", "\"x y\"", "\"z\"", "1"].randomElement(using: &generator) ?? "" }
        return number()
    }

    mutating func line(_ keys: [String], _ space: String) -> String {
        "{" + keys.map { "\"\($0)\":" + space + value($0) }.joined(separator: "," + space) + "}"
    }

    mutating func mutated(_ line: String) -> [UInt8] {
        var bytes = Array(line.utf8)
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        let byte = Array(#"{}[],:"01.-+eE \tfn"#.utf8).randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[at] = byte
        case 1: bytes.insert(byte, at: at)
        case 2: bytes.remove(at: at)
        case 3: bytes.removeSubrange(at...)
        default: bytes[at] = UInt8.random(in: 11...255, using: &generator)
        }
        return bytes
    }
}

/// Lines with the keys of the line before are read by a way of their own; a space before each leads to the other.
@Test func plainLinesReadTheSameByEitherWay() {
    var options = made_row_options()
    options.ignores_unknown = true
    options.keeps_numbers = true
    var goodCount = 0
    for seed in 0..<2500 as Range<UInt64> {
        var writer = LineWriter(generator: Generator(state: seed))
        var keys = columns.map(\.name) + (writer.generator.chance(30) ? ["id"] : [])
        if writer.generator.chance(30) { keys.shuffle(using: &writer.generator) }
        if writer.generator.chance(10) { keys.removeLast() }
        let space = writer.generator.chance(40) ? " " : ""
        var bytes: [UInt8] = []
        var spaced: [UInt8] = []
        for _ in 0..<Int.random(in: 2...8, using: &writer.generator) {
            if writer.generator.chance(4) { keys.swapAt(0, 1) }
            let line = writer.line(keys, space)
            let written = writer.generator.chance(15) ? writer.mutated(line) : Array(line.utf8)
            let end = writer.generator.chance(20) ? Array(" \r\n".utf8) : [UInt8(ascii: "\n")]
            bytes += written + end
            spaced += [UInt8(ascii: " ")] + written + end
        }
        let plain = stream([bytes], MADE_STREAM_NDJSON, columns: columns, options: options)
        let slow = stream([spaced], MADE_STREAM_NDJSON, columns: columns, options: options)
        // Numbers of missing values are NaN.
        #expect(plain.numbers.map(\.bitPattern) == slow.numbers.map(\.bitPattern), "seed \(seed)")
        var (one, other) = (plain, slow)
        (one.numbers, other.numbers) = ([], [])
        #expect(one == other, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        goodCount += plain.rowCount - plain.faults.count
        if seed < 40 {
            let cut = Int.random(in: 0...bytes.count, using: &writer.generator)
            var parts = stream(
                [Array(bytes[..<cut]), Array(bytes[cut...])], MADE_STREAM_NDJSON, columns: columns, options: options)
            parts.numbers = []
            #expect(parts == one, "seed \(seed), cut at \(cut)")
        }
    }
    #expect(goodCount > 5000)
}

/// A line that may end the search for plain ones stands in no other line's way.
@Test func linesOfManyFormsFollowEachOther() {
    let columns = [Column(name: "x", kind: MADE_COLUMN_REAL), Column(name: "y", kind: MADE_COLUMN_REAL)]
    let many = String(repeating: "[1,2]\n", count: 40)
    let text =
        "{\"x\":1,\"y\":2}\n{\"x\":-3.5,\"y\":4e0}\n{\"y\":6,\"x\":5}\n{\"y\":8,\"x\":7}\n" + many
        + "{\"x\":9,\"y\":-10}\n{\"x\":11,\"y\":12}"
    let read = stream([Array(text.utf8)], MADE_STREAM_NDJSON, columns: columns)
    let ones = Array(repeating: [Float(1), 2], count: 40).joined()
    #expect(read.values == [1, 2, -3.5, 4, 5, 6, 7, 8] + ones + [9, -10, 11, 12] && read.faults == [])
}
