internal import FoundationEssentials
package import MADE

/// Choices of columns as a JSON file, to be written by `text(of:)`, edited and read again:
/// `{"columns": [{"name": "x", "type": "real", "step": 0.1}, …], "missing": ["NA"]}`.
///
/// `type` is `binary`, `categorical`, `real`, `date` or `drop`. A categorical column may have `labels`, `rare`, those that share the
/// class `other`, and `number_labels`, whether every spelling of a number is the same label; a binary one `texts`, the two
/// that stand for 0 and 1; a real one `step`, null for a continuous one, `resolution`, and `number`, how it is written:
/// `{"decimal": ",", "group": ".", "unit": "€", "negative": "parentheses"}`; a date `form`, how it is written (see `Clock`). Any may have `missing`. What is left out is inferred, columns included.
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
            let document = try JSONDecoder().decode(Document.self, from: Data(contents(ofFile: path)))
            var choices: [String: SchemaOptions.Choice] = [:]
            for column in document.columns {
                guard choices.updateValue(try column.choice, forKey: column.name) == nil else {
                    throw Mistake(reason: "column \"\(column.name)\" occurs twice")
                }
            }
            self.choices = choices
            missingTexts = document.missing
            hasHeader = document.header
        } catch {
            throw Failure(path: path, reason: Self.reason(of: error))
        }
    }

    /// Whether the table has a header; nil where the file does not say.
    public let hasHeader: Bool?

    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as Mistake: return error.reason
        case let error as TextSourceError: return error.reason
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
        var kept = inferred.schema.columns[...]
        let lines = inferred.schema.table.columns.map { column in
            var json = JSONWriter()
            json.beginObject()
            json.member("name", column.name)
            if let reason = column.leftOut {
                json.member("type", "drop")
                json.member("reason", reason.rawValue)
            } else if let clock = column.clock {
                kept.removeFirst(clock.parts.count)
                json.member("type", "date")
                json.member("form", clock.form)
                if !column.missingTexts.isEmpty { json.member("missing", strings: column.missingTexts) }
            } else if let kind = kept.popFirst()?.kind {
                write(kind, column, to: &json)
            }
            json.endObject()
            return "    " + String(decoding: json.bytes, as: UTF8.self)
        }
        let header = inferred.schema.table.hasHeader ? "" : ",\n  \"header\": false"
        return "{\n  \"columns\": [\n\(lines.joined(separator: ",\n"))\n  ]\(header)\n}\n"
    }

    private static func write(_ kind: TableSchema.Kind, _ column: Schema.Column, to json: inout JSONWriter) {
        switch kind {
        case .binary:
            json.member("type", "binary")
            if let texts = column.truthTexts { json.member("texts", strings: texts) }
        case .categorical(let categories):
            json.member("type", "categorical")
            json.member("labels", strings: categories.labels)
            if let other = categories.otherIndex { json.member("other", categories.labels[other]) }
            if !categories.rareLabels.isEmpty { json.member("rare", strings: categories.rareLabels) }
            if column.labelsAreNumbers { json.member("number_labels", true) }
        case .real(let step, let resolution):
            json.member("type", "real")
            json.key("step")
            if let step { json.decimal(step) } else { json.null() }
            if let resolution, resolution != step {
                json.key("resolution")
                json.decimal(resolution)
            }
        }
        let form = column.numberForm
        if !form.isPlain {
            json.key("number")
            json.beginObject()
            json.members(of: form)
            json.endObject()
        }
        if !column.missingTexts.isEmpty { json.member("missing", strings: column.missingTexts) }
    }
}

/// What is wrong with JSON that is a schema by its form.
private struct Mistake: Error {
    let reason: String
}

private struct Document: Decodable {
    var columns: [ColumnEntry] = []
    var missing: [String] = []
    var header: Bool?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        try container.refuse(allBut: ["columns", "missing", "header"])
        columns = try container.decodeIfPresent([ColumnEntry].self, forKey: "columns") ?? []
        missing = try container.decodeIfPresent([String].self, forKey: "missing") ?? []
        header = try container.decodeIfPresent(Bool.self, forKey: "header")
    }
}

private struct ColumnEntry: Decodable {
    var name: String
    var type: String
    var labels: [String]?
    var rare: [String]?
    var other: String?
    var texts: [String]?
    var form: String?
    var hasStep: Bool
    var step: Double?
    var resolution: Double?
    var column: Schema.Column
    /// Members of which each belongs to one type.
    private var own: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        let types = [
            "labels": "categorical", "rare": "categorical", "other": "categorical", "number_labels": "categorical",
            "texts": "binary", "step": "real", "resolution": "real", "form": "date",
        ]
        try container.refuse(allBut: ["name", "type", "missing", "number", "reason"] + types.keys.sorted())
        name = NumberText.normalised(try container.decode(String.self, forKey: "name"))
        type = try container.decode(String.self, forKey: "type")
        labels = try container.decodeIfPresent([String].self, forKey: "labels")?.map(NumberText.normalised)
        rare = try container.decodeIfPresent([String].self, forKey: "rare")?.map(NumberText.normalised)
        other = try container.decodeIfPresent(String.self, forKey: "other").map(NumberText.normalised)
        texts = try container.decodeIfPresent([String].self, forKey: "texts")?.map(NumberText.normalised)
        form = try container.decodeIfPresent(String.self, forKey: "form")
        hasStep = container.contains("step")
        step = try container.decodeIfPresent(Double.self, forKey: "step")
        resolution = try container.decodeIfPresent(Double.self, forKey: "resolution")
        column = Schema.Column(name: name)
        column.missingTexts =
            try container.decodeIfPresent([String].self, forKey: "missing")?.map(NumberText.normalised) ?? []
        column.numberForm =
            try container.decodeIfPresent(Schema.NumberForm.self, forKey: "number") ?? Schema.NumberForm()
        column.labelsAreNumbers = try container.decodeIfPresent(Bool.self, forKey: "number_labels") ?? false
        column.truthTexts = texts
        for (member, type) in types where container.contains(AnyKey(stringLiteral: member)) { own[member] = type }
    }

    var choice: SchemaOptions.Choice {
        get throws {
            guard ["binary", "categorical", "real", "date", "drop"].contains(type) else {
                throw refuse("\"\(type)\" is not a type; there are binary, categorical, real, date and drop")
            }
            if let (member, owner) = own.sorted(by: { $0.key < $1.key }).first(where: { $0.value != type }) {
                throw refuse("only a \(owner) column has \"\(member)\"")
            }
            switch type {
            case "drop": return .drop
            case "date":
                if let form, !Clock(form: form, parts: []).isForm {
                    throw refuse("\"form\" must be seconds, milliseconds or a pattern such as %Y-%m-%d")
                }
                return .date(form: form)
            case "binary":
                guard let texts else { return column.isPlain ? .binary : .exactly(.binary, column) }
                guard texts.count == 2, texts[0] != texts[1] else { throw refuse("\"texts\" must be two, for 0 and 1") }
                return .exactly(.binary, column)
            case "real":
                for number in [step, resolution].compactMap({ $0 }) where !(number > 0 && number.isFinite) {
                    throw refuse("a step must be above 0, or null")
                }
                return hasStep || !column.isPlain
                    ? .exactly(.real(step: step, resolution: resolution ?? step), column) : .real
            default: return try categorical
            }
        }
    }

    private var categorical: SchemaOptions.Choice {
        get throws {
            guard let labels else {
                guard other == nil, rare == nil else { throw refuse("\"other\" and \"rare\" need \"labels\"") }
                return .categorical
            }
            let rare = rare ?? []
            guard !labels.isEmpty, Set(labels + rare).count == labels.count + rare.count else {
                throw refuse("labels must be one or more, all different")
            }
            // Training reads an empty cell, in quotes too, as a missing value.
            guard !(labels + rare).contains("") else { throw refuse("an empty label is a missing value") }
            let otherIndex = other.flatMap(labels.firstIndex)
            guard (other == nil) == (otherIndex == nil) else { throw refuse("\"other\" must be one of \"labels\"") }
            guard rare.isEmpty || other != nil else { throw refuse("\"rare\" labels need \"other\", their class") }
            let categories = Categories(
                labels: labels, otherIndex: otherIndex, rareLabels: rare, rareRowCounts: rare.map { _ in 1 })
            return .exactly(.categorical(categories), column)
        }
    }

    private func refuse(_ reason: String) -> Mistake { Mistake(reason: "column \"\(name)\": \(reason)") }
}

extension Schema.Column {
    fileprivate var isPlain: Bool { missingTexts.isEmpty && numberForm.isPlain }
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

extension JSONWriter {
    /// The members that say how numbers are written, where that is otherwise than plainly.
    package mutating func members(of form: Schema.NumberForm) {
        if form.hasDecimalComma { member("decimal", ",") }
        if !form.groupSeparator.isEmpty { member("group", form.groupSeparator) }
        if !form.unit.isEmpty { member("unit", form.unit) }
        if form.hasParentheses { member("negative", Schema.NumberForm.parentheses) }
    }
}
