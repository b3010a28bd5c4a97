import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// The base64 digits of a text's SHA-256, by another program.
private func digest(_ text: some StringProtocol) throws -> String {
    let tool = Process()
    tool.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    let (input, output) = (Pipe(), Pipe())
    (tool.standardInput, tool.standardOutput) = (input, output)
    try tool.run()
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try input.fileHandleForWriting.close()
    let line = String(decoding: try #require(try output.fileHandleForReading.readToEnd()), as: UTF8.self)
    let digits = Array(line.prefix(64))
    let bytes = stride(from: 0, to: 64, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    return Data(bytes).base64EncodedString()
}

@Test(arguments: ["/", "/docs"])
func aPageIsOneDocumentAndItsPolicyNamesWhatIsInIt(path: String) throws {
    let answer = try TestService([randomModel("m")]).get(path)
    let text = String(decoding: answer.body, as: UTF8.self)
    var inline: [String: [String]] = [:]
    for kind in ["style", "script"] {
        let parts = text.components(separatedBy: "<\(kind)>").dropFirst()
        inline[kind] = try parts.map { part in
            "'sha256-\(try digest(try #require(part.components(separatedBy: "</\(kind)>").first)))'"
        }
        #expect(!parts.isEmpty)
    }
    let policy = try #require(answer.header("Content-Security-Policy"))
    var directives: [String: [String]] = [:]
    for directive in policy.components(separatedBy: "; ") {
        let words = directive.components(separatedBy: " ")
        directives[words[0]] = Array(words.dropFirst())
    }
    #expect(directives["style-src"] == inline["style"]?.sorted())
    #expect(directives["script-src"] == inline["script"]?.sorted())
    #expect(directives["default-src"] == ["'none'"] && directives["connect-src"] == ["'self'"])
    // Nothing is fetched, but what the page asks this server for.
    #expect(!text.contains("src=\"") && !text.contains("rel=\"stylesheet\""))
}
