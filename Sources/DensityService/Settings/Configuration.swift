internal import MADERows

/// The settings of a service and where each comes from.
public struct Configuration: Sendable {
    /// Where a value comes from; a later case wins over an earlier one.
    enum Source: Sendable, Equatable {
        case preset
        case file(path: String, line: Int)
        case environment(String)
        case flag

        var description: String {
            switch self {
            case .preset: "default"
            case .file(let path, let line): "\(path):\(line)"
            case .environment(let variable): variable
            case .flag: "flag"
            }
        }
    }

    /// The variable that names the configuration file.
    public static let fileVariable = "MADE_CONFIG"

    /// The values.
    public let options: ServiceOptions
    /// By name of the setting.
    let sources: [String: Source]
    /// Variables that are no settings, but Kubernetes' (`ServiceLinks`).
    let ignoredVariables: [String]

    /// What is to be said of the variables that are passed over; nil where there are none.
    public var remark: String? {
        ignoredVariables.isEmpty
            ? nil : "ignored, as Kubernetes sets them for a Service: \(ignoredVariables.joined(separator: ", "))"
    }

    /// The values of `flags` (by setting name), over those of `environment`'s variables, over those of `file`, over the
    /// defaults. A variable holds paths with colons between them, and other
    /// lists with commas.
    ///
    /// - Throws: `ServiceError` that names the flag, the variable, or file, line and key, and says what it takes.
    public init(
        flags: [String: [String]], environment: [String: String], file: ConfigurationFile?
    ) throws(ServiceError) {
        var options = ServiceOptions()
        var sources: [String: Source] = [:]
        ignoredVariables = environment.filter { ServiceLinks.has($0.key, $0.value) }.keys.sorted()
        let environment = environment.filter { !ServiceLinks.has($0.key, $0.value) }
        for setting in ServiceOptions.settings {
            let given = Self.given(setting, flags: flags, environment: environment, file: file)
            sources[setting.name] = given.source
            guard let texts = given.texts else { continue }
            guard setting.apply(&options, texts) else {
                let place =
                    switch given.source {
                    case .flag: "--\(setting.name)"
                    case .file: "\(given.source.description): \(setting.name)"
                    default: given.source.description
                    }
                throw ServiceError("\(place): \(quoted(texts.joined(separator: ":"))) is not \(setting.takes)")
            }
        }
        let known = ServiceOptions.settings.map(\.variable) + [Self.fileVariable]
        for name in environment.keys.sorted() where name.hasPrefix("MADE_") && !known.contains(name) {
            throw ServiceError("\(name) is not a setting\(suggestion(for: name, among: known.sorted()))")
        }
        self.options = options
        self.sources = sources
    }

    private static func given(
        _ setting: Setting, flags: [String: [String]], environment: [String: String], file: ConfigurationFile?
    ) -> (source: Source, texts: [String]?) {
        if let texts = flags[setting.name] { return (.flag, texts) }
        if let text = environment[setting.variable] {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            return (.environment(setting.variable), setting.form == .paths ? parts : [text])
        }
        if let file, let entry = file.entries[setting.name] {
            return (.file(path: file.path, line: entry.line), entry.texts)
        }
        return (.preset, nil)
    }
}

extension Configuration {
    /// Every value with its source, as a configuration file.
    public var document: String {
        let lines = ServiceOptions.settings.map { ("\($0.name): \($0.yaml(of: options))", sources[$0.name]) }
        let width = (lines.map(\.0.count).max() ?? 0) + 2
        return lines.map { line, source in
            let source = (source?.description ?? "").unicodeScalars.map { $0.isLoose ? " " : String($0) }.joined()
            return line + String(repeating: " ", count: width - line.count) + "# \(source)\n"
        }.joined() + (remark.map { "# \($0)\n" } ?? "")
    }

    /// A configuration file that documents every setting and changes none.
    static var template: String {
        var text = """
            # The settings of `made serve`, each with its default. Take the '#' away before a key to change it.
            #
            # A setting has one name: `port` here, `--port` as a flag, `MADE_PORT` in the environment. A flag wins over the
            # environment, that over this file. This file is read where it is config/made.yaml of the working directory, or
            # where `--config FILE` or MADE_CONFIG names it. `made serve --print-config` shows every value and its source.

            """
        for group in Setting.Group.allCases {
            text += "\n# -- \(group.rawValue) --\n"
            for setting in ServiceOptions.settings where setting.group == group {
                text += "\n" + wrapped("\(setting.help) Takes \(setting.takes).")
                text += "#\(setting.name): \(setting.yaml(of: ServiceOptions()))".trimmed() + "\n"
            }
        }
        return text
    }

    /// Comment lines of at most 120 characters.
    private static func wrapped(_ text: String) -> String {
        var lines = ["#"]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count >= 120 { lines.append("#") }
            lines[lines.count - 1] += " \(word)"
        }
        return lines.map { "\($0)\n" }.joined()
    }
}

extension Setting {
    /// Its value as YAML; nothing where it has none.
    func yaml(of options: ServiceOptions) -> String {
        let texts = texts(options)
        switch form {
        case .number: return texts.joined()
        case .text, .path: return texts.map(Self.scalar).joined()
        case .paths, .words: return "[\(texts.map(Self.scalar).joined(separator: ", "))]"
        }
    }

    /// Plain where nobody can take it for anything but this text, else in quotes.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let words = ["", "null", "Null", "NULL", "-", "---", "..."]
        if isPlain, !words.contains(text), !text.hasPrefix("-") { return text }
        var json = JSONWriter()
        json.string(text)
        // JSON leaves as they are what YAML refuses or takes for the end of a line.
        return String(decoding: json.bytes, as: UTF8.self).unicodeScalars.reduce(into: "") { written, scalar in
            if scalar.isLoose {
                let digits = String(scalar.value, radix: 16)
                written += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                written.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    /// Whether YAML does not take it as it is within a line.
    fileprivate var isLoose: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff: true
        default: false
        }
    }
}
