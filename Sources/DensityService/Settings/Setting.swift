/// One value of `made serve`: its flag, environment variable and key of the configuration file, its documentation and
/// what it takes. All of them come from here.
public struct Setting: Sendable {
    /// The heading under which settings stand together.
    public enum Group: String, CaseIterable, Sendable {
        case listening = "Listening"
        case access = "Access"
        case models = "Models"
        case work = "Work"
        case log = "Log"
    }

    /// How YAML writes it.
    enum Form {
        case text, number
        /// A path, and a list of paths; a relative one of a file starts at that file's folder.
        case path, paths
        /// A list of texts without commas.
        case words

        var isPath: Bool { self == .path || self == .paths }
        var isList: Bool { self == .paths || self == .words }
    }

    /// Words joined by hyphens: the flag without its `--`, and the key.
    public let name: String
    /// Its heading.
    public let group: Group
    /// What it is; sentences.
    public let help: String
    let form: Form
    /// What it takes, for the message about anything else.
    let takes: String
    /// Its value as it would be given; empty where there is none. Only a list has more than one.
    let texts: @Sendable (ServiceOptions) -> [String]
    /// False where the texts are not what it takes.
    let apply: @Sendable (inout ServiceOptions, [String]) -> Bool

    /// The environment variable: `MADE_QUEUE_ROWS_MAX` for `queue-rows-max`.
    public var variable: String {
        "MADE_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
    }

    /// What it is, what it takes and its default, for the help of its flag.
    public var documentation: String {
        let value = texts(ServiceOptions()).joined(separator: form == .words ? "," : ":")
        return "\(help) Takes \(takes).\(value.isEmpty ? "" : " Default: \(value).")"
    }

    /// ArgumentParser asks for each of them dozens of times a start.
    private static let byName = Dictionary(uniqueKeysWithValues: ServiceOptions.settings.map { ($0.name, $0) })

    /// The setting of this name.
    ///
    /// - Precondition: there is one; names come from source code.
    public static func named(_ name: String) -> Setting {
        guard let setting = byName[name] else {
            preconditionFailure("no setting is called \(name)")
        }
        return setting
    }
}

extension Setting {
    /// A setting of one text.
    static func text<Value: Sendable>(
        _ name: String, _ group: Group, _ path: any WritableKeyPath<ServiceOptions, Value> & Sendable, takes: String,
        _ help: String, read: @escaping @Sendable (String) -> Value?, write: @escaping @Sendable (Value) -> String?
    ) -> Setting {
        one(name, group, .text, path, takes: takes, help, read: read, write: write)
    }

    /// A setting of a whole number.
    static func whole<Value: FixedWidthInteger & Sendable>(
        _ name: String, _ group: Group, _ path: any WritableKeyPath<ServiceOptions, Value> & Sendable,
        _ range: ClosedRange<Value>, _ help: String
    ) -> Setting {
        one(
            name, group, .number, path, takes: "a whole number, \(range.lowerBound) to \(range.upperBound)", help,
            read: { wholeNumber($0, in: range) }, write: { "\($0)" })
    }

    /// A setting of a whole number that may be left open.
    static func wholeOrNone<Value: FixedWidthInteger & Sendable>(
        _ name: String, _ group: Group, _ path: any WritableKeyPath<ServiceOptions, Value?> & Sendable,
        _ range: ClosedRange<Value>, _ help: String
    ) -> Setting {
        one(
            name, group, .number, path, takes: "a whole number, \(range.lowerBound) to \(range.upperBound)", help,
            read: { wholeNumber($0, in: range).map(Optional.some) }, write: { $0.map { "\($0)" } })
    }

    /// A setting of a number above 0 and at most `limit`.
    static func positive(
        _ name: String, _ group: Group, _ path: any WritableKeyPath<ServiceOptions, Double> & Sendable,
        upTo limit: Double, _ help: String
    ) -> Setting {
        one(
            name, group, .number, path, takes: "a number above 0 and at most \(plain(limit))", help,
            read: { decimalNumber($0).flatMap { $0 > 0 && $0 <= limit ? $0 : nil } }, write: { plain($0) })
    }

    /// A setting of a number that may be 0.
    static func amount(
        _ name: String, _ group: Group, _ path: any WritableKeyPath<ServiceOptions, Double> & Sendable,
        upTo limit: Double, _ help: String
    ) -> Setting {
        one(
            name, group, .number, path, takes: "a number, 0 to \(plain(limit))", help,
            read: { decimalNumber($0).flatMap { $0 >= 0 && $0 <= limit ? $0 : nil } }, write: { plain($0) })
    }

    /// A setting of the path of a file.
    static func file(
        _ name: String, _ group: Group, _ path: any WritableKeyPath<ServiceOptions, String?> & Sendable, _ help: String
    ) -> Setting {
        one(
            name, group, .path, path, takes: "a path", help, read: { $0.isEmpty ? nil : .some($0) }, write: { $0 })
    }

    private static func one<Value: Sendable>(
        _ name: String, _ group: Group, _ form: Form, _ path: any WritableKeyPath<ServiceOptions, Value> & Sendable,
        takes: String, _ help: String, read: @escaping @Sendable (String) -> Value?,
        write: @escaping @Sendable (Value) -> String?
    ) -> Setting {
        Setting(
            name: name, group: group, help: help, form: form, takes: takes,
            texts: { options in write(options[keyPath: path]).map { [$0] } ?? [] },
            apply: { options, texts in
                guard texts.count == 1, let value = read(texts[0]) else { return false }
                options[keyPath: path] = value
                return true
            })
    }

    /// A number without a fraction of zero.
    static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
    }
}
