import CRows
import Foundation
import Testing

/// JSON by Foundation's decoder, the reference.
private enum JSON: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else if let value = try? container.decode([String: JSON].self) {
            self = .object(value)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }
}

/// Random numbers that are the same in every run.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64 (Steele et al. 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

private let names = ["a", "b", "c", "d", "e"]

/// A body that is a request most of the time, in any of the ways to write it.
private struct BodyWriter {
    var generator: Generator

    mutating func space() -> String {
        generator.chance(15) ? [" ", "\n", "\t ", "\r\n"].randomElement(using: &generator) ?? "" : ""
    }

    mutating func joined(_ open: String, _ parts: [String], _ close: String) -> String {
        var text = open + space()
        for (index, part) in parts.enumerated() {
            text += (index > 0 ? "," : "") + space() + part + space()
        }
        return text + close
    }

    mutating func value() -> String {
        if generator.chance(90) { return generator.chance(50) ? "0" : "1" }
        return ["true", "false", "null", "0.0", "1e0", "-0", "2", "\"x\"", "[0]", "{}", "0.25"]
            .randomElement(using: &generator) ?? "0"
    }

    mutating func row() -> String {
        if generator.chance(60) {
            let count = generator.chance(92) ? names.count : Int.random(in: 0...7, using: &generator)
            return joined("[", (0..<count).map { _ in value() }, "]")
        }
        var keys = generator.chance(50) ? names : names.shuffled(using: &generator)
        if generator.chance(20) { keys.removeLast(Int.random(in: 0...3, using: &generator)) }
        if generator.chance(5) { keys.append("z") }
        return joined("{", keys.map { "\"\($0)\"" + space() + ":" + space() + value() }, "}")
    }

    mutating func body() -> String {
        let rows = (0..<Int.random(in: 0...4, using: &generator)).map { _ in row() }
        var members = ["\"rows\":" + joined("[", rows, "]")]
        if generator.chance(40) { members.append("\"explain\": 2") }
        if generator.chance(30) { members.insert("\"x\":{\"k\":[1,\"é\\u00e9\\n\",null,{}]}", at: 0) }
        return joined("{", members, "}")
    }

    mutating func mutated(_ body: String) -> [UInt8] {
        var bytes = Array(body.utf8)
        for _ in 0..<Int.random(in: 1...2, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            let byte = Array(#"{}[],:"01.-+eE \tfn"#.utf8).randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[at] = byte
            case 1: bytes.insert(byte, at: at)
            case 2: bytes.remove(at: at)
            case 3: bytes.removeSubrange(at...)
            default: bytes[at] = UInt8.random(in: 1...255, using: &generator)
            }
        }
        return bytes
    }
}

/// A text without the outer blanks that the scanner takes off.
private func trimmed(_ text: String) -> String {
    text.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\n\u{A0}\u{FEFF}"))
}

/// The value of a binary column's text, NaN where it is empty; nil where it is none.
private func bit(_ text: String) -> Float? {
    if text.isEmpty { return .nan }
    if ["true", "t", "yes", "y"].contains(text.lowercased()) { return 1 }
    if ["false", "f", "no", "n"].contains(text.lowercased()) { return 0 }
    guard text.allSatisfy({ "0123456789+-.eE".contains($0) }), let number = Double(text) else { return nil }
    return number == 0 || number == 1 ? Float(number.magnitude) : nil
}

/// What the scanner should make of decoded rows: for each row its values, nil where it is faulty.
private func expected(_ rows: [JSON]) -> [[UInt32]?] {
    func number(_ value: JSON?) -> UInt32? {
        switch value {
        case .none, .some(.null): Float.nan.bitPattern
        case .some(.bool(let truth)): Float(truth ? 1 : 0).bitPattern
        case .some(.number(let number)) where number == 0 || number == 1: Float(number.magnitude).bitPattern
        case .some(.string(let text)): bit(trimmed(text)).map(\.bitPattern)
        default: nil
        }
    }
    /// A key's column; nil where it is passed over, −1 where it is none.
    func column(_ key: String) -> Int? {
        let name = trimmed(key)
        return name.isEmpty ? nil : names.firstIndex(of: name) ?? -1
    }
    return rows.map { row in
        var numbers: [UInt32?] = []
        switch row {
        case .array(let values) where values.count == names.count: numbers = values.map { number($0) }
        case .object(let fields) where !fields.keys.contains { column($0) == -1 }:
            let given = Dictionary(
                fields.compactMap { key, value in column(key).map { ($0, value) } },
                uniquingKeysWith: { first, _ in first })
            numbers = names.indices.map { number(given[$0]) }
        default: return nil
        }
        return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
    }
}

/// Whether the scanner and Foundation's decoder agree on what `bytes` say.
private func compare(_ bytes: [UInt8], _ scanning: Scanning, seed: UInt64) {
    let scan = scanning(bytes, padding: UInt8(truncatingIfNeeded: seed))
    let text = Comment(rawValue: "seed \(seed): \(String(decoding: bytes, as: UTF8.self)) \(scan.reason ?? "")")
    let notJSON = [MADE_SCAN_NOT_JSON, MADE_SCAN_NOT_UTF8, MADE_SCAN_EMPTY, MADE_SCAN_TRAILING].contains(scan.status)
    let json = try? JSONDecoder().decode(JSON.self, from: Data(bytes))
    if scan.status == MADE_SCAN_NOT_OBJECT {
        // The rest of such a body is not looked at.
        if case .object = json { Issue.record(text) }
        return
    }
    // The decoder lets arrays and objects end with a comma, which JSON does not, and refuses 0e1, which is JSON.
    if notJSON, json != nil, String(decoding: bytes, as: UTF8.self).contains(/,\s*[\]}]/) { return }
    if !notJSON, json == nil, String(decoding: bytes, as: UTF8.self).contains(/[^0-9.]0[eE]/) { return }
    #expect((json == nil) == notJSON, text)
    guard case .object(let object) = json, !notJSON else { return }
    // The decoder is silent about a key that occurs twice.
    if scan.status == MADE_SCAN_DUPLICATE_MEMBER { return }
    if scan.faults.contains(where: { $0.fault == MADE_ROW_DUPLICATE_VARIABLE }) { return }
    guard case .array(let rows) = object["rows"] else {
        #expect(scan.status == (object["rows"] == nil ? MADE_SCAN_ROWS_MISSING : MADE_SCAN_ROWS_NOT_ARRAY), text)
        return
    }
    let reference = expected(rows)
    #expect(scan.status == MADE_SCAN_OK, text)
    #expect(scan.rowCount == reference.count, text)
    #expect(scan.faults.map(\.row) == reference.indices.filter { reference[$0] == nil }, text)
    // −0 is 0.
    #expect(
        scan.values.map { $0.isNaN ? Float.nan.bitPattern : $0.magnitude.bitPattern }
            == Array(reference.compactMap { $0 }.joined()), text)
    #expect(Set(scan.members.keys) == Set(object.keys).subtracting(["rows"]), text)
}

@Test func agreesWithFoundationOnRandomBodies() {
    let scanning = Scanning(names.map { Column(name: $0) })
    for seed in 0..<1500 as Range<UInt64> {
        var writer = BodyWriter(generator: Generator(state: seed))
        compare(Array(writer.body().utf8), scanning, seed: seed)
    }
}

@Test func agreesWithFoundationOnMutatedBodies() {
    let scanning = Scanning(names.map { Column(name: $0) })
    for seed in 0..<6000 as Range<UInt64> {
        var writer = BodyWriter(generator: Generator(state: seed))
        let body = writer.body()
        compare(writer.mutated(body), scanning, seed: seed)
    }
}

/// Rows of lone zeros and ones are read by a way of their own; a space before the body leads to the other.
@Test func denseRowsReadTheSameByEitherWay() {
    let scanning = Scanning(names.map { Column(name: $0) }, rowsMax: 5)
    var denseCount = 0
    for seed in 0..<8000 as Range<UInt64> {
        var writer = BodyWriter(generator: Generator(state: seed))
        let separator = writer.generator.chance(50) ? "," : ", "
        let rows = (0..<Int.random(in: 1...6, using: &writer.generator)).map { _ in
            let values = names.map { _ in writer.generator.chance(50) ? "0" : "1" }
            return "[" + values.joined(separator: separator) + "]"
        }
        let tails = ["}", " } ", ",\"explain\":2}", ", \"x\": {\"k\": [1]} , \"y\":\"\\n\"}\n"]
        let body =
            "{\"rows\":" + (writer.generator.chance(50) ? " [" : "[") + rows.joined(separator: separator) + "]"
            + (tails.randomElement(using: &writer.generator) ?? "}")
        let bytes = writer.generator.chance(25) ? Array(body.utf8) : writer.mutated(body)
        let dense = scanning(bytes, padding: UInt8(truncatingIfNeeded: seed))
        var plain = scanning([UInt8(ascii: " ")] + bytes, padding: UInt8(truncatingIfNeeded: seed))
        plain.offset = plain.offset.map { $0 - 1 }
        #expect(dense == plain, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        if dense.status == MADE_SCAN_OK && dense.faults.isEmpty { denseCount += 1 }
        compare(bytes, Scanning(names.map { Column(name: $0) }), seed: seed)
    }
    #expect(denseCount > 1500)
}

/// Bodies read in parts of some bytes give what they give when they are read whole, and fail where they fail.
@Test(arguments: [MADE_ROWS_ARRAY, MADE_ROWS_TENSOR, MADE_ROWS_COLUMN, MADE_ROWS_SINGLE])
func bodiesReadTheSameInParts(form: made_rows_form) {
    let columns = [
        Column(name: "a"), Column(name: "b", kind: MADE_COLUMN_REAL), Column(name: "c"),
        Column(name: "d", kind: MADE_COLUMN_CATEGORICAL, labels: ["x", "y"]), Column(name: "e"),
    ]
    let places = [Place(name: "a", variable: 0), Place(name: "q")]
    let tables = [
        Scanning(names.map { Column(name: $0) }, form: form), Scanning(columns, form: form, column: 1),
        Scanning(
            columns, places: places + (1..<5).map { Place(name: columns[$0].name, variable: $0) }, form: form,
            rowsMax: 9),
    ]
    let texts = Texts()
    var (goodCount, faultyCount, badCount) = (0, 0, 0)
    for seed in 0..<3000 as Range<UInt64> {
        var writer = BodyWriter(generator: Generator(state: seed))
        let scanning = tables[Int(seed % 3)]
        let keeps = form == MADE_ROWS_ARRAY && writer.generator.chance(30)
        scanning.request.kept = keeps ? texts.list(["d", "z"]) : nil
        scanning.request.kept_count = keeps ? 2 : 0
        var text = writer.body()
        if writer.generator.chance(30) { text = text.replacing("\"rows\":", with: "\"r\\u006fws\":") }
        if form == MADE_ROWS_TENSOR || form == MADE_ROWS_COLUMN, writer.generator.chance(70) {
            let values = (0..<Int.random(in: 0...30, using: &writer.generator)).map { _ in writer.value() }
            text = "{\"x\":[{\"k\":[1,[2,\"]\"]]},3],\"rows\":[\(values.joined(separator: ","))],\"y\":{\"z\":[[],{}]}}"
        }
        let body = writer.generator.chance(50) ? Array(text.utf8) : writer.mutated(text)
        scanning.request.piece_bytes = .max
        let whole = scanning(body)
        for byteCount in [1, 7, Int.random(in: 2...40, using: &writer.generator)] {
            scanning.request.piece_bytes = byteCount
            let parts = scanning(body)
            let comment = Comment(rawValue: "seed \(seed), \(byteCount): \(String(decoding: body, as: UTF8.self))")
            // Of a body that is refused, only why and where is of any use.
            if whole.status == MADE_SCAN_OK {
                #expect(parts == whole, comment)
            } else {
                #expect(parts.status == whole.status && parts.offset == whole.offset, comment)
                #expect(parts.reason == whole.reason && parts.name == whole.name, comment)
            }
        }
        if whole.status != MADE_SCAN_OK {
            badCount += 1
        } else if whole.faults.isEmpty {
            goodCount += 1
        } else {
            faultyCount += 1
        }
    }
    #expect(goodCount + faultyCount > 500 && badCount > 500, "\(goodCount) good, \(badCount) bad")
    #expect(form == MADE_ROWS_SINGLE || faultyCount > 100, "\(faultyCount)")
}

/// What a scan said that it holds beside the body, and what it may hold.
private final class Account {
    var byteCount = 0
    var bytesMax = Int.max
}

extension Scanning {
    fileprivate func charge(_ account: Account) {
        request.memory_context = Unmanaged.passUnretained(account).toOpaque()
        request.take_memory = { context, byteCount in
            guard let context else { return false }
            let account = Unmanaged<Account>.fromOpaque(context).takeUnretainedValue()
            guard byteCount <= account.bytesMax else { return false }
            account.byteCount = max(account.byteCount, byteCount)
            return true
        }
    }
}

@Test func whatAScanHoldsIsAsked() {
    let scanning = Scanning(names.map { Column(name: $0) })
    let account = Account()
    scanning.charge(account)
    // What the values take, and no index of four times the body.
    let rows = "{\"rows\": [" + Array(repeating: "[0,1,0,1,1]", count: 100_000).joined(separator: ",") + "]}"
    #expect(scanning(rows).rowCount == 100_000)
    #expect(account.byteCount == 100_000 * 5 * 4)
    // Not more where it turns out not to be JSON.
    #expect(scanning(rows.dropLast(2) + "}").status == MADE_SCAN_NOT_JSON)
    #expect(account.byteCount <= 100_000 * 5 * 4)
    // Each faulty row.
    account.byteCount = 0
    let faults = scanning("{\"rows\":[" + Array(repeating: "0", count: 500_000).joined(separator: ",") + "]}")
    #expect(faults.faults.count == 500_000)
    #expect(account.byteCount == 500_000 * MemoryLayout<made_row_error>.stride)
    // A row that cannot be cut: its index, and a copy.
    account.byteCount = 0
    let long = "{\"rows\":[[" + Array(repeating: "0", count: 500_000).joined(separator: ",") + "]]}"
    #expect(scanning(long).faults.map(\.found) == [500_000])
    #expect(account.byteCount > 5_000_000 && account.byteCount < 8_000_000, "\(account.byteCount)")
    // Other members can be.
    account.byteCount = 0
    #expect(scanning("{\"rows\":[],\"x\":[" + long + "]}").members.count == 1)
    #expect(account.byteCount < 100_000, "\(account.byteCount)")
    for (text, bytesMax) in [(rows, 1_900_000), (long, 4_000_000)] {
        account.bytesMax = bytesMax
        let refused = scanning(text)
        #expect(refused.status == MADE_SCAN_MEMORY_REFUSED && refused.matrix.isEmpty)
    }
}
