import Foundation
import Testing

@testable import DensityService

/// SHA-256 of "abc" (FIPS 180-4's example), of "def", and of nothing.
private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
private let def = "cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34"
private let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

private func digest(_ text: String) -> KeyDigest { Array(text.utf8).withUnsafeBytes { KeyDigest(of: $0) } }

/// The message with which a file is refused; empty where it is not.
private func refusal(_ text: String) -> String {
    do {
        _ = try KeyFile.keys(of: text, path: "keys")
        return ""
    } catch {
        return "\(error)"
    }
}

@Test func aDigestIsTheSHA256OfTheKey() {
    #expect(digest("abc") == KeyDigest(hexadecimal: abc))
    #expect(digest("") == KeyDigest(hexadecimal: nothing.uppercased()))
    #expect(digest("abd") != KeyDigest(hexadecimal: abc))
    for text in ["", "ab", abc + "0", String(abc.dropLast()) + "g", String(abc.dropLast()) + "é"] {
        #expect(KeyDigest(hexadecimal: text) == nil, "\(text)")
    }
}

@Test func aFileOfKeysIsReadAsAPersonWritesIt() throws {
    let keys = try KeyFile.keys(
        of: """
            # name   scopes        SHA-256 of the key

            alice    score,admin   \(abc)   # she left it on her desk
            \tprometheus metrics \(def.uppercased())\r
            """, path: "keys")
    #expect(keys.map(\.name) == ["alice", "prometheus"])
    #expect(keys.map(\.scopes) == [[.score, .admin], [.metrics]])
    #expect(keys.map(\.digest) == [digest("abc"), digest("def")])
    #expect(keys[0].scopeList == "score,admin")
}

@Test func whatIsNoKeyIsRefusedWithItsLineAndWithoutItsSecrets() {
    let form = "a line is 'NAME SCOPES SHA256', such as 'alice score,metrics 9f86d0…'"
    let cases = [
        ("", "keys: holds no key; \(form)"),
        ("# all gone\n", "keys: holds no key; \(form)"),
        ("\na score", "keys:2: 2 fields; \(form)"),
        ("a score \(abc) x", "keys:1: 4 fields; \(form)"),
        ("é score \(abc)", "keys:1: a name is 1 to 63 letters, digits, '-', '_', '.' or '@'; \(form)"),
        ("\(abc) score a", "keys:1: a name is 1 to 63 letters, digits, '-', '_', '.' or '@'; \(form)"),
        (
            "a scroe \(abc)",
            "keys:1: \"scroe\" is not a scope; did you mean 'score'?; they are score, admin, metrics"
        ),
        ("a score, \(abc)", "keys:1: \"\" is not a scope; they are score, admin, metrics"),
        ("a \(nothing) \(abc)", "keys:1: not a scope; they are score, admin, metrics"),
        (
            "a score my-own-key",
            "keys:1: a SHA-256 is 64 hexadecimal digits; the third field has 10 characters"
        ),
        (
            "a score \(abc.dropLast())x",
            "keys:1: a SHA-256 is 64 hexadecimal digits; the third field holds something else"
        ),
        ("a score \(abc)\na admin \(def)", "keys:2: the name \"a\" stands in line 1 already"),
        ("a score \(nothing)", "keys:1: this is the SHA-256 of nothing; the key was empty when it was made"),
        ("a score \(abc)\n\nb admin \(abc)", "keys:3: the same digest stands in line 1 already"),
    ]
    for (text, message) in cases {
        #expect(refusal(text) == message)
        #expect(!refusal(text).contains(abc) && !refusal(text).contains(nothing))
    }
    let many = (0...KeyFile.keyCountMax).map { number in
        "k\(number) score \(String(repeating: "0", count: 60))\(String(number + 0x1000, radix: 16))"
    }
    #expect(refusal(many.joined(separator: "\n")) == "keys:1025: over the limit of 1024 keys")
    #expect(refusal(many.dropLast().joined(separator: "\n")).isEmpty)
}

/// A sequence that counts how far it is read.
private final class Counted: Sequence, IteratorProtocol {
    private let digests: [KeyDigest]
    private(set) var count = 0

    init(_ digests: [KeyDigest]) { self.digests = digests }

    func next() -> KeyDigest? {
        guard count < digests.count else { return nil }
        count += 1
        return digests[count - 1]
    }
}

@Test func everyKeyIsLookedAtWhereverTheRightOneStands() {
    let digests = (0..<50).map { digest("key \($0)") }
    for place in digests.indices {
        let counted = Counted(digests)
        #expect(digests[place].place(in: counted) == place)
        #expect(counted.count == digests.count)
    }
    let counted = Counted(digests)
    #expect(digest("key 50").place(in: counted) == nil && counted.count == digests.count)
    #expect(digest("key").place(in: [KeyDigest]()) == nil)
}

@Test func digestsThatDifferInASingleBitAreDifferent() throws {
    let digits = Array(abc)
    for place in digits.indices {
        for bit in [1, 2, 4, 8] {
            var other = digits
            other[place] = Character(String(try #require(other[place].hexDigitValue) ^ bit, radix: 16))
            let changed = try #require(KeyDigest(hexadecimal: String(other)))
            #expect(changed.place(in: [digest("abc")]) == nil)
        }
    }
}
