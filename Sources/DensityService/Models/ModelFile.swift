internal import Glibc

/// A file that holds a version of a model, and what its place calls it.
struct ModelFile: Sendable, Equatable {
    var path: String
    /// The model's name; nil before a file that was named itself has been read for the first time.
    var name: String?
    /// The version; nil where the file itself says it.
    var version: String?
    /// The folder that it was found in; one that is no longer there shall not be served any more.
    var folder: String?

    /// Its path as clients may see it: without what leads to the folder.
    var shownPath: String {
        guard let folder else { return path.split(separator: "/").last.map(String.init) ?? path }
        return String(path.dropFirst(folder.count).drop { $0 == "/" })
    }

    /// The models of a folder: `NAME.safetensors`, whose version the file says, and `NAME/VERSION/model.safetensors`.
    ///
    /// - Throws: a line for the user where the folder cannot be read.
    static func all(in folder: String) throws(ServiceError) -> [ModelFile] {
        guard let names = entries(of: folder) else {
            throw ServiceError("\(folder): \(String(cString: strerror(errno)))")
        }
        var files: [ModelFile] = []
        for name in names {
            let path = joined(folder, name)
            if name.hasSuffix(suffix), !isFolder(path) {
                files.append(ModelFile(path: path, name: String(name.dropLast(suffix.count)), folder: folder))
                continue
            }
            for version in entries(of: path) ?? [] {
                let file = joined(path, "\(version)/model\(suffix)")
                guard access(file, F_OK) == 0 else { continue }
                files.append(ModelFile(path: file, name: name, version: version, folder: folder))
            }
        }
        return files
    }

    /// The folders whose entries say which models there are: the folder itself, and those of models and versions.
    static func folders(of folder: String) -> [String] {
        let subfolders = { (folder: String) in
            (entries(of: folder) ?? []).map { joined(folder, $0) }.filter(isFolder)
        }
        let models = subfolders(folder)
        return [folder] + models + models.flatMap(subfolders)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func joined(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    private static let suffix = ".safetensors"

    /// Names in a folder but hidden ones, ascending; nil where it cannot be read (see `errno`).
    private static func entries(of folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}

/// Whether one version is older than another. Digits compare as the numbers they are (`9` before `10`, `1.9` before
/// `1.10`), and versions that are all numbers stand above names.
func isOlder(_ version: String, than other: String) -> Bool {
    let (mine, others) = (VersionParts(version), VersionParts(other))
    if mine.isNumeric != others.isNumeric { return others.isNumeric }
    for (part, other) in zip(mine.parts, others.parts) where part != other { return VersionParts.precedes(part, other) }
    if mine.parts.count != others.parts.count { return mine.parts.count < others.parts.count }
    // 01 and 1 are the same number; an order is needed all the same.
    return version < other
}

/// A version taken apart into runs of digits, without leading zeros, and of anything else.
private struct VersionParts {
    var parts: [[UInt8]] = []
    /// Nothing but digits and full stops.
    let isNumeric: Bool

    init(_ version: String) {
        isNumeric = !version.isEmpty && version.utf8.allSatisfy { Self.isDigit($0) || $0 == UInt8(ascii: ".") }
        var rest = Array(version.utf8)[...]
        while let first = rest.first {
            let isNumber = Self.isDigit(first)
            let run = rest.prefix { Self.isDigit($0) == isNumber }
            rest = rest.dropFirst(run.count)
            let zeros = isNumber ? run.dropLast().prefix { $0 == UInt8(ascii: "0") }.count : 0
            parts.append(Array(run.dropFirst(zeros)))
        }
    }

    static func precedes(_ part: [UInt8], _ other: [UInt8]) -> Bool {
        let areNumbers = isDigit(part[0]) && isDigit(other[0])
        if areNumbers, part.count != other.count { return part.count < other.count }
        return part.lexicographicallyPrecedes(other)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
