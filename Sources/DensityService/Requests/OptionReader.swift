internal import CRows
internal import FoundationEssentials
internal import MADERows

/// The small fields of a request beside its rows.
struct OptionReader {
    private let members: UnsafeBufferPointer<made_member>
    /// The JSON pointer to the object whose members they are.
    private let path: String

    /// Of what a scan handed back; it holds as long as the scan's pointers do.
    ///
    /// - Throws: a 400 that names a field which is not among `names`, and the nearest one that is.
    init(_ scan: made_scan, names: [String], rowsMember: StaticString) throws(Problem) {
        self.init(scan)
        for member in members {
            let name = String(member.name)
            guard names.contains(name) else {
                let nearest = suggestion(for: name, among: names + ["\(rowsMember)"])
                throw Problem(
                    400, "\(quoted(name)) is not a field of this request\(nearest)", pointer: pointer(to: name))
            }
        }
    }

    /// The same where other fields are passed over; `path` is the JSON pointer to the object that was scanned.
    init(_ scan: made_scan, path: String = "") {
        members = UnsafeBufferPointer(start: scan.members, count: scan.member_count)
        self.path = path
    }

    /// The JSON pointer to a field.
    func pointer(to name: String) -> String { "\(path)/\(pointerToken(name))" }

    /// Whether one of the fields is among `names`.
    func holds(anyOf names: Set<String>) -> Bool { members.contains { names.contains(String($0.name)) } }

    /// A field as it stands in the body.
    func text(_ name: String) -> UnsafeRawBufferPointer? {
        members.first { String($0.name) == name }.map {
            UnsafeRawBufferPointer(start: $0.json.bytes, count: $0.json.count)
        }
    }

    /// The value of a field; nil where it is absent or null.
    ///
    /// - Throws: a 400 that says the field must be `what`.
    func value<Value: Decodable>(_ name: String, _ type: Value.Type = Value.self, mustBe what: String) throws(Problem)
        -> Value?
    {
        guard let json = text(name) else { return nil }
        // Decoding takes many times a field's own memory.
        guard json.count <= 1 << 20 else {
            throw Problem(413, "'\(name)' is longer than a megabyte", pointer: pointer(to: name))
        }
        do {
            return try JSONDecoder().decode(Value?.self, from: Data(json))
        } catch {
            throw Problem(400, "'\(name)' must be \(what)", pointer: pointer(to: name))
        }
    }
}
