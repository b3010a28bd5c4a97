internal import FoundationEssentials
internal import MADE

/// Choices of columns as a JSON file, to be written by `text(of:)`, edited and read again:
/// `{"columns": [{"name": "x", "type": "real", "step": 0.1}, …], "missing": ["NA"]}`.
///
/// `type` is `binary`, `categorical`, `real` or `drop`. A categorical column may have `labels`, and `other`, the one of
/// them that stands for all labels not among them; a real one `step`, null for a continuous one. What is left out is
/// inferred, columns included.
public struct SchemaFile: Sendable {
    /// What a schema file has wrong; one line.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// Path of the file.
        public let path: String
        /// What is wrong, and where.
        public let reason: String

        /// Path and reason.
        public var description: String { "\(path): \(reason)" }
    }

    /// Choices by the column's name.
    public let choices: [String: SchemaOptions.Choice]
    /// Texts that stand for a missing value in every column.
    public let missingTexts: [String]

    /// Reads the file at `path`.
    public init(path: String) throws(Failure) {
        do {
            let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(filePath: path)))
            var choices: [String: SchemaOptions.Choice] = [:]
            for column in document.columns {
                guard choices.updateValue(try column.choice, forKey: column.name) == nil else {
                    throw Mistake(reason: "column \"\(column.name)\" occurs twice")
                }
            }
            self.choices = choices
            missingTexts = document.missing
        } catch {
            throw Failure(path: path, reason: Self.reason(of: error))
        }
    }

    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as Mistake: return error.reason
        case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty: return "is not JSON"
        case DecodingError.keyNotFound(let key, let context): return "\(place(context))no \"\(key.stringValue)\""
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            return place(context) + context.debugDescription
        default: return "cannot be read"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }
        return path.isEmpty ? "" : path.joined(separator: ".").replacing(".[", with: "[") + ": "
    }

    /// The file of what was inferred, a column a line.
    public static func text(of inferred: InferredTable) -> String {
        var lines = inferred.schema.columns.map { column in
            let kind =
                switch column.kind {
                case .binary: #""type": "binary""#
                case .categorical(let categories):
                    #""type": "categorical", "labels": [\#(categories.labels.map(quoted).joined(separator: ", "))]"#
                        + (categories.otherIndex.map { #", "other": \#(quoted(categories.labels[$0]))"# } ?? "")
                case .real(let step): #""type": "real", "step": \#(step.map(\.description) ?? "null")"#
                }
            return #"    {"name": \#(quoted(column.name)), \#(kind)}"#
        }
        lines += inferred.dropped.map { #"    {"name": \#(quoted($0)), "type": "drop"}"# }
        let missing = inferred.missingTexts.map(quoted).joined(separator: ", ")
        return "{\n  \"columns\": [\n\(lines.joined(separator: ",\n"))\n  ],\n  \"missing\": [\(missing)]\n}\n"
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string can always be encoded.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

/// What is wrong with JSON that is a schema by its form.
private struct Mistake: Error {
    let reason: String
}

private struct Document: Decodable {
    var columns: [ColumnEntry] = []
    var missing: [String] = []

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        try container.refuse(allBut: ["columns", "missing"])
        columns = try container.decodeIfPresent([ColumnEntry].self, forKey: "columns") ?? []
        missing = try container.decodeIfPresent([String].self, forKey: "missing") ?? []
    }
}

private struct ColumnEntry: Decodable {
    var name: String
    var type: String
    var labels: [String]?
    var other: String?
    var hasStep: Bool
    var step: Float?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        try container.refuse(allBut: ["name", "type", "labels", "other", "step"])
        name = try container.decode(String.self, forKey: "name")
        type = try container.decode(String.self, forKey: "type")
        labels = try container.decodeIfPresent([String].self, forKey: "labels")
        other = try container.decodeIfPresent(String.self, forKey: "other")
        hasStep = container.contains("step")
        step = try container.decodeIfPresent(Float.self, forKey: "step")
    }

    var choice: SchemaOptions.Choice {
        get throws {
            func refuse(_ reason: String) -> Mistake { Mistake(reason: "column \"\(name)\": \(reason)") }
            guard type == "categorical" || (labels == nil && other == nil) else {
                throw refuse("only a categorical column has labels")
            }
            guard type == "real" || !hasStep else { throw refuse("only a real column has a step") }
            switch type {
            case "drop": return .drop
            case "binary": return .binary
            case "real":
                if let step, !(step > 0 && step.isFinite) { throw refuse("a step must be above 0, or null") }
                return hasStep ? .exactly(.real(step: step)) : .real
            case "categorical":
                guard let labels else {
                    guard other == nil else { throw refuse("\"other\" must be one of \"labels\"") }
                    return .categorical
                }
                guard labels.count >= 2, Set(labels).count == labels.count else {
                    throw refuse("labels must be two or more, all different")
                }
                let otherIndex = other.flatMap(labels.firstIndex)
                guard (other == nil) == (otherIndex == nil) else { throw refuse("\"other\" must be one of \"labels\"") }
                return .exactly(.categorical(Categories(labels: labels, otherIndex: otherIndex)))
            default: throw refuse("\"\(type)\" is not a type; there are binary, categorical, real and drop")
            }
        }
    }
}

private struct AnyKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
    init(stringLiteral text: String) { stringValue = text }
}

extension KeyedDecodingContainer where Key == AnyKey {
    /// A mistyped key should not be without effect.
    fileprivate func refuse(allBut known: [String]) throws {
        guard let key = allKeys.first(where: { !known.contains($0.stringValue) }) else { return }
        throw Mistake(reason: "\"\(key.stringValue)\" is no key here; there are \(known.joined(separator: ", "))")
    }
}
