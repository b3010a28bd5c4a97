import Foundation
import MadeProgram
import RawHTTP
import Testing

/// What the program is told on its command line, and what it tells of itself.
@Suite struct WordTests {
    @Test func theVersionIsPrinted() throws {
        let outcome = try Program.run(["--version"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.contains(#/^\d+\.\d+\.\d+\n$/#))
        let server = try ServingProgram([])
        let version = outcome.output.trimmingCharacters(in: .newlines)
        #expect(try server.client().get("/health").text.contains("\"version\":\"\(version)\""))
    }

    @Test(arguments: [
        (["srve"], "\"srve\" is not a verb; did you mean 'serve'?", "made <subcommand>"),
        (["fly"], "\"fly\" is not a verb; the verbs are serve, train, ", "made <subcommand>"),
        (["serve", "--prot", "80"], "Unknown option '--prot'. Did you mean '--port'?", "made serve "),
        (["serve", "--port", "+80"], "--port: \"+80\" is not a whole number, 0 to 65535", "made serve "),
        (["score", "m", "--alfa", "1"], "Unknown option '--alfa'. Did you mean '--alpha'?", "made score "),
        (["key", "a b"], "made key: a name is 1 to 63 letters", "made key "),
    ])
    func aWrongWordNamesTheNearestAndItsOwnUsage(arguments: [String], reason: String, usage: String) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(reason) && outcome.errors.contains("\nUsage: \(usage)"), "\(outcome.errors)")
    }

    @Test func aKeyIsMadeAndLetIn() throws {
        let made = try Program.run(["key", "alice", "score,metrics"])
        #expect(made.status == 0 && made.output.contains(#/^alice score,metrics [0-9a-f]{64}\n$/#))
        let key = try #require(made.errors.firstMatch(of: #/^key of alice: ([0-9a-f]{64})\n$/#)).1
        #expect(!made.output.contains(key))
        let folder = try TestFolder()
        let file = folder.path("keys")
        try made.output.write(toFile: file, atomically: true, encoding: .utf8)
        let server = try ServingProgram(["--api-keys-file", file])
        let client = try server.client()
        for (key, status) in [(key, 200), (key.dropLast(), 401)] {
            client.send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-API-Key: \(key)\r\n\r\n")
            #expect(try client.reply().status == status)
        }
    }
}
