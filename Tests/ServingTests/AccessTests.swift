import Foundation
import MadeProgram
import RawHTTP
import Testing

/// What a shell prints.
private func shell(_ command: String, in folder: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-ec", command]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return text.trimmingCharacters(in: .newlines)
}

/// Adds a key to the file `keys.txt` of `folder`, made by other tools than the program; the key.
private func makeKey(_ name: String, _ scopes: String, in folder: TestFolder) throws -> String {
    try shell(
        """
        key=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n')
        echo "\(name) \(scopes) $(printf %s "$key" | sha256sum | cut -d' ' -f1)" >> keys.txt
        echo $key
        """, in: folder.url.path)
}

extension Client {
    fileprivate func models(with key: String) throws -> Int {
        send("GET /models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(key)\r\n\r\n")
        return try reply().status
    }
}

@Suite struct AccessTests {
    @Test func hangUpReadsTheKeysAgainOverAnOpenConnection() throws {
        let folder = try TestFolder()
        let first = try makeKey("first", "score", in: folder)
        let server = try ServingProgram(["--api-keys-file", folder.path("keys.txt")])
        let client = try server.client()
        #expect(try client.models(with: first) == 200 && client.models(with: first + "0") == 401)
        let second = try makeKey("second", "score", in: folder)
        #expect(try client.models(with: second) == 401)
        server.program.kill(SIGHUP)
        // The signal is answered by the log alone, so this asks until it has had its effect.
        while try client.models(with: second) == 401 { sched_yield() }
        #expect(try client.models(with: first) == 200)
        // A spoilt file changes nothing.
        _ = try makeKey("third", "scroe", in: folder)
        server.program.kill(SIGHUP)
        while !server.program.errors.contains("API keys not reloaded") { sched_yield() }
        #expect(server.program.errors.contains("keys.txt:3: \\\"scroe\\\" is not a scope"), "\(server.program.errors)")
        #expect(try client.models(with: first) == 200 && client.models(with: second) == 200)
        #expect(!server.program.errors.contains(first) && server.program.errors.contains("client=second"))
    }

    @Test func aFileOfKeysThatCannotBeUsedIsOneLine() throws {
        let outcome = try Program.run(["serve", "--port", "0", "--api-keys-file", "/no/such/keys"])
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors == "Error: /no/such/keys: No such file or directory\n", "\(outcome.errors)")
    }
}
