public import Foundation

/// A folder that goes away with the test.
public final class TestFolder {
    /// Where it is.
    public let url: URL

    /// Makes one in the system's temporary folder.
    public init(_ name: String = "made") throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Of a file in it.
    public func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
