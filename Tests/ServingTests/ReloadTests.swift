import Foundation
import MADE
import MadeProgram
import RawHTTP
import Testing

@Suite struct ReloadTests {
    private struct Models: Decodable {
        struct Model: Decodable {
            var name: String
            var version: String?
        }
        var models: [Model]
    }

    private static func version(_ server: ServingProgram) throws -> String? {
        let reply = try server.client().get("/models")
        return try JSONDecoder().decode(Models.self, from: Data(reply.body)).models.first?.version
    }

    @Test func hangUpReadsTheModelsAgain() throws {
        let folder = try TestFolder()
        var model = try Checkpoint.read(Program.bundled("nltcs"))
        try Checkpoint.write(model, to: folder.path("nltcs.safetensors"))
        let server = try ServingProgram([folder.path("nltcs.safetensors")])
        #expect(try Self.version(server) == "1")
        model.version = "2"
        try Checkpoint.write(model, to: folder.path("nltcs.safetensors"))
        server.program.kill(SIGHUP)
        // The signal is answered by the log alone, so this asks until it has had its effect.
        while try Self.version(server) == "1" { sched_yield() }
        #expect(try Self.version(server) == "2")
        // What cannot be read changes nothing, and the process goes on.
        try Data("no model".utf8).write(to: URL(fileURLWithPath: folder.path("nltcs.safetensors")))
        server.program.kill(SIGHUP)
        while !server.program.errors.contains("model not reloaded") { sched_yield() }
        #expect(try Self.version(server) == "2")
    }
}
