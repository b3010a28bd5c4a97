internal import CRowScanner

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The small fields of a request beside its rows.
protocol OptionFields: Decodable {
    /// All that there are, as they are written.
    static var names: [String] { get }
}

extension OptionFields {
    /// Reads the members that a scan handed back.
    ///
    /// - Throws: a 400 that names the unknown field, or the one of a wrong type.
    init(_ scan: made_scan, rowsMember: StaticString) throws(Problem) {
        var object: [UInt8] = [UInt8(ascii: "{")]
        for index in 0..<scan.member_count {
            guard let member = scan.members?[index] else { break }
            let name = String(member.name)
            guard Self.names.contains(name) else {
                let nearest = suggestion(for: name, among: Self.names + ["\(rowsMember)"])
                throw Problem(
                    400, "\(quoted(name)) is not a field of this request\(nearest)", pointer: "/\(pointerToken(name))")
            }
            if index > 0 { object.append(UInt8(ascii: ",")) }
            // Known names need no escape.
            object.append(contentsOf: "\"\(name)\":".utf8)
            object.append(contentsOf: UnsafeRawBufferPointer(start: member.json.bytes, count: member.json.count))
        }
        object.append(UInt8(ascii: "}"))
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(object))
        } catch let error as DecodingError {
            throw Problem(error)
        } catch {
            throw Problem(400, "the body is not JSON")
        }
    }
}

extension Problem {
    fileprivate init(_ error: DecodingError) {
        let (path, expected): ([any CodingKey], String) =
            switch error {
            case .typeMismatch(let type, let context): (context.codingPath, "must be \(Self.article(for: type))")
            case .valueNotFound(let type, let context): (context.codingPath, "must be \(Self.article(for: type))")
            case .keyNotFound(let key, let context): (context.codingPath + [key], "is missing")
            case .dataCorrupted(let context): (context.codingPath, "is not a value that this field takes")
            @unknown default: ([], "cannot be read")
            }
        let name = path.first?.stringValue ?? "the body"
        let pointer = path.map { "/" + pointerToken($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
        self.init(400, "'\(name)' \(expected)", pointer: pointer)
    }

    private static func article(for type: any Any.Type) -> String {
        if type is Bool.Type { return "true or false" }
        if type is Int.Type || type is UInt64.Type { return "a whole number" }
        if type is Double.Type || type is Float.Type { return "a number" }
        if type is String.Type { return "a string" }
        return "an array"
    }
}
