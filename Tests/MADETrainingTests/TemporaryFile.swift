import Foundation

/// A file that lives as long as the closure runs.
func withTemporaryFile<R>(_ bytes: [UInt8], _ body: (_ path: String) throws -> R) throws -> R {
    let file = FileManager.default.temporaryDirectory.appending(path: "made-\(UUID().uuidString).csv")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
}
