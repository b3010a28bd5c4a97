internal import Glibc
internal import MADERows

/// The keys of a YAML file of settings, with the lines they stand in.
public struct ConfigurationFile: Sendable {
    /// The file that is read where none is named and it exists.
    public static let defaultPath = "config/made.yaml"
    private static let bytesMax = 1 << 20

    struct Entry: Sendable {
        var texts: [String]
        var line: Int
    }

    let path: String
    /// By name of the setting; a key without a value is as none.
    private(set) var entries: [String: Entry] = [:]

    /// Reads the file at `path`; where it is nil the default one, if there is one.
    ///
    /// - Throws: `ServiceError` with file, line and key: what cannot be read, is no YAML, no setting or not of its type.
    public static func read(_ path: String?) throws(ServiceError) -> ConfigurationFile? {
        if path == nil, access(defaultPath, F_OK) != 0 { return nil }
        let path = path ?? defaultPath
        return try ConfigurationFile(text: contents(of: path), path: path)
    }

    /// Reads `text`, which is said to stand in the file at `path`.
    init(text: String, path: String) throws(ServiceError) {
        self.path = path
        guard let root = try Self.root(of: text, path: path), !root.isNull else { return }
        guard case .mapping(let pairs) = root.content else {
            throw ServiceError("\(path):\(root.line): not keys and values, such as 'port: 8080'")
        }
        var lines: [String: Int] = [:]
        for (key, value) in pairs {
            let line = key.line
            let name = key.text ?? "(no text)"
            guard key.text != nil, let setting = ServiceOptions.settings.first(where: { $0.name == name }) else {
                let known = ServiceOptions.settings.map(\.name)
                throw ServiceError(
                    "\(path):\(line): \(quoted(name)) is not a setting\(suggestion(for: name, among: known))")
            }
            if let first = lines.updateValue(line, forKey: name) {
                throw ServiceError("\(path):\(line): \(name) given twice, first in line \(first)")
            }
            if value.isNull { continue }
            do {
                entries[name] = Entry(texts: try texts(of: value, for: setting), line: line)
            } catch {
                throw ServiceError("\(path):\(line): \(name): \(error.what) is not \(setting.takes)")
            }
        }
    }

    private struct Mismatch: Error {
        let what: String
    }

    private func texts(of node: YAMLNode, for setting: Setting) throws(Mismatch) -> [String] {
        switch node.content {
        case .scalar(let text, let isPlain):
            // A number in quotes is a text, and whoever wrote it may have meant one.
            guard setting.form != .number || isPlain else { throw Mismatch(what: "the text \(quoted(text))") }
            return [setting.form.isPath ? resolved(text) : text]
        case .sequence(let elements):
            guard setting.form.isList else { throw Mismatch(what: "a list") }
            var texts: [String] = []
            for element in elements {
                guard let text = element.text, !element.isNull else {
                    throw Mismatch(what: "a list of anything but texts")
                }
                texts.append(setting.form.isPath ? resolved(text) : text)
            }
            return texts
        case .mapping: throw Mismatch(what: "a mapping")
        }
    }

    /// A path as seen from the working directory.
    private func resolved(_ text: String) -> String {
        guard !text.hasPrefix("/"), !text.isEmpty, let slash = path.lastIndex(of: "/") else { return text }
        return String(path[...slash]) + text
    }

    private static func root(of text: String, path: String) throws(ServiceError) -> YAMLNode? {
        do {
            return try YAMLReader.document(of: text, repeatedBytesMax: bytesMax)
        } catch {
            throw ServiceError("\(path):\(error.line):\(error.column): \(error.what)")
        }
    }

    /// The text of a small file.
    static func contents(of path: String) throws(ServiceError) -> String {
        guard let file = fopen(path, "r") else { throw ServiceError("\(path): \(String(cString: strerror(errno)))") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        if ferror(file) != 0 { throw ServiceError("\(path): \(String(cString: strerror(errno)))") }
        guard count <= bytesMax else { throw ServiceError("\(path): over the limit of \(bytesMax) bytes") }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw ServiceError("\(path): not UTF-8")
        }
        return text
    }
}
