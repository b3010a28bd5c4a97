internal import Glibc
internal import MADERows
internal import Yams

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
        guard let root = try Self.tree(text, path: path), !Self.isNull(root) else { return }
        guard case .mapping(let mapping) = root else {
            throw ServiceError("\(path):\(root.mark?.line ?? 1): not keys and values, such as 'port: 8080'")
        }
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            guard let name = key.scalar?.string, let setting = ServiceOptions.settings.first(where: { $0.name == name })
            else {
                let name = key.scalar?.string ?? "(no text)"
                let known = ServiceOptions.settings.map(\.name)
                throw ServiceError(
                    "\(path):\(line): \(quoted(name)) is not a setting\(suggestion(for: name, among: known))")
            }
            if Self.isNull(value) { continue }
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

    private func texts(of node: Node, for setting: Setting) throws(Mismatch) -> [String] {
        switch node {
        case .scalar(let scalar):
            // A number in quotes is a text, and whoever wrote it may have meant one.
            guard setting.form != .number || scalar.style == .plain else {
                throw Mismatch(what: "the text \(quoted(scalar.string))")
            }
            return [setting.form.isPath ? resolved(scalar.string) : scalar.string]
        case .sequence(let sequence):
            guard setting.form.isList else { throw Mismatch(what: "a list") }
            var texts: [String] = []
            for element in sequence {
                guard let text = element.scalar?.string, !Self.isNull(element) else {
                    throw Mismatch(what: "a list of anything but texts")
                }
                texts.append(setting.form.isPath ? resolved(text) : text)
            }
            return texts
        case .mapping: throw Mismatch(what: "a mapping")
        default: throw Mismatch(what: "an alias")
        }
    }

    /// A path as seen from the working directory.
    private func resolved(_ text: String) -> String {
        guard !text.hasPrefix("/"), !text.isEmpty, let slash = path.lastIndex(of: "/") else { return text }
        return String(path[...slash]) + text
    }

    private static func isNull(_ node: Node) -> Bool {
        node.scalar?.style == .plain && ["", "~", "null", "Null", "NULL"].contains(node.scalar?.string)
    }

    private static func tree(_ text: String, path: String) throws(ServiceError) -> Node? {
        do {
            return try compose(yaml: text)
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                throw ServiceError("\(path):\(mark.line): not YAML: \(problem)")
            case .duplicatedKeysInMapping(let names, let context):
                throw ServiceError("\(path):\(context.mark.line): \(names.joined(separator: ", ")) given twice")
            case .reader(let problem, _, _, _): throw ServiceError("\(path): not YAML: \(problem)")
            default: throw ServiceError("\(path): not YAML")
            }
        } catch {
            throw ServiceError("\(path): not YAML")
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
