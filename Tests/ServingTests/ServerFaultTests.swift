import Codecs
import Foundation
import Glibc
import MadeProgram
import RawHTTP
import Testing

/// What becomes of a server where the system fails, and where clients are killed.
@Suite struct ServerFaultTests {
    private static let row = Array(repeating: "0", count: 16).joined(separator: ",")
    private static let body = "{\"rows\":[[\(row)]]}"

    /// Gauges that are the same whenever nothing goes on: queued rows and open descriptors.
    private func gauges(_ client: Client) throws -> [String] {
        try client.get("/metrics").lines(startingWith: "made_queue_rows{", "process_open_fds ")
    }

    /// Asks until the gauges are `expected`, at most so often that the machine can have been busy for a minute.
    private func expect(
        _ expected: [String], of client: Client, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var found: [String] = []
        for _ in 0..<20_000 {
            found = try gauges(client)
            if found == expected { return }
        }
        #expect(found == expected, "\(what)", sourceLocation: sourceLocation)
    }

    // MARK: - Clients that are killed

    private struct Request {
        let name: String
        let head: [UInt8]
        let body: [UInt8]

        init(_ name: String, _ headers: [String], _ body: [UInt8]) {
            self.name = name
            let lines = ["POST /models/nltcs/score HTTP/1.1", "Host: a", "Content-Length: \(body.count)"] + headers
            head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
            self.body = body
        }
    }

    /// With answers that no socket's buffer holds.
    private static func requests() throws -> [Request] {
        let count = 60_000
        let rows = Array("{\"rows\":[\(Array(repeating: "[\(row)]", count: count).joined(separator: ","))]}".utf8)
        let lines = Array(String(repeating: "[\(row)]\n", count: count).utf8)
        let names = (0..<16).map { "x\($0)" }.joined(separator: ",")
        let table = Array((names + "\n" + String(repeating: row + "\n", count: count)).utf8)
        var compressed: [UInt8] = []
        let compressor = try #require(Codec.gzip.makeCompressor())
        rows.withUnsafeBytes { compressor.compress($0, isLast: true, to: &compressed) }
        return [
            Request("JSON", ["Content-Type: application/json"], rows),
            Request("NDJSON", ["Content-Type: application/x-ndjson"], lines),
            Request("CSV", ["Content-Type: text/csv"], table),
            Request("gzip", ["Content-Type: application/json", "Content-Encoding: gzip"], compressed),
        ]
    }

    private static let bodyBytesMax = 12 << 20
    private static let largest: String =
        String(body.dropLast()) + String(repeating: " ", count: bodyBytesMax - body.utf8.count) + "}"

    private enum Phase: CaseIterable {
        case connected, halfHead, head, halfBody, body, halfAnswer
    }

    /// Sends `request` as far as `phase` goes.
    private func send(_ request: Request, to client: Client, until phase: Phase) throws {
        switch phase {
        case .connected: return
        case .halfHead: client.send(request.head.prefix(request.head.count / 2))
        case .head: client.send(request.head)
        case .halfBody: client.send(request.head + request.body.prefix(request.body.count / 2))
        case .body, .halfAnswer: client.send(request.head + request.body)
        }
        if phase == .halfAnswer { try client.receiveMore() }
    }

    /// Those that end their connections, and those whose connections are reset.
    @Test(arguments: [false, true]) func clientsThatAreKilledLeaveNothing(isReset: Bool) throws {
        let server = try ServingProgram([
            "--loops", "2", "--queue-rows-max", "10000000", "--queue-milliseconds-max", "3600000",
            "--body-bytes-max", "\(Self.bodyBytesMax)", "--memory-bytes-max", "\(4 * Self.bodyBytesMax)",
            "--log-level", "error",
        ])
        let witness = try server.client()
        let expected = try witness.post("/models/nltcs/score", Self.body).text
        let before = try gauges(witness)
        try #require(before.count == 4 && before.filter { $0.hasSuffix("} 0") }.count == 3, "\(before)")
        for request in try Self.requests() {
            for phase in Phase.allCases {
                // On every loop.
                let clients = try (0..<2).map { _ in try server.client() }
                for client in clients {
                    try send(request, to: client, until: phase)
                    if isReset { client.abandon() }
                }
                #expect(try witness.post("/models/nltcs/score", Self.body).text == expected, "\(request.name) \(phase)")
            }
            try expect(before, of: witness, request.name)
            // What is kept for later bodies counts as taken until memory is short: the largest body takes
            // three quarters of it, and would be refused if what a few requests had was not given back. Workers may still have work of those who are gone.
            var isRoomy = false
            for _ in 0..<100 where !isRoomy {
                let reply = try server.client().post("/models/nltcs/score", Self.largest)
                isRoomy = reply.status == 200
                #expect(isRoomy || reply.status == 503, "\(reply.text)")
            }
            #expect(isRoomy, "\(request.name): memory is not given back")
        }
        #expect(server.program.isRunning)
        witness.abandon()
        server.program.kill(SIGTERM)
        let end = server.program.finish()
        #expect(end.status == 0 && end.errors.isEmpty, "\(end.errors)")
    }

    // MARK: - System calls that fail

    private static let faultsNeeded = Comment(rawValue: Faults.reason)

    @Test(.enabled(if: Faults.isAvailable, faultsNeeded)) func connectionsThatCannotBeTakenAreTakenLater() throws {
        // EMFILE, ENFILE, ENOMEM, ENOBUFS; EINTR and ECONNABORTED; EPROTO and EPERM, which are of one connection: each in
        // its turn, five times.
        let rules = [24, 23, 12, 105, 4, 103, 71, 1].enumerated().map { "accept4 \($1) \(1 + 5 * $0) 5 *" }
        let server = try ServingProgram([], environment: Faults.environment(rules.joined(separator: ";")))
        for _ in 0..<50 {
            let reply = try server.client().post("/models/nltcs/score", Self.body)
            #expect(reply.status == 200)
        }
        server.program.kill(SIGTERM)
        #expect(server.program.finish().status == 0)
    }

    @Test(.enabled(if: Faults.isAvailable, faultsNeeded)) func aModelThatCannotBeReadStandsInNobodysWay() throws {
        let folder = try TestFolder()
        let bundled = Program.bundled("nltcs")
        for name in ["good", "bad"] {
            try FileManager.default.copyItem(atPath: bundled, toPath: folder.path("\(name).safetensors"))
        }
        for (rules, reason) in [
            ("pread 5 1 0 bad.safetensors", "Input/output error"),
            ("pread 5 2 0 bad.safetensors", "Input/output error"),
            ("open 24 1 0 bad.safetensors", "Too many open files"),
        ] {
            let server = try ServingProgram([folder.url.path], environment: Faults.environment(rules))
            let client = try server.client()
            #expect(try client.post("/models/good/score", Self.body).status == 200)
            #expect(try client.post("/models/bad/score", Self.body).status != 200)
            client.abandon()
            server.program.kill(SIGTERM)
            let end = server.program.finish()
            #expect(end.status == 0)
            #expect(end.errors.contains("bad.safetensors: cannot be read: \(reason)"), "\(rules): \(end.errors)")
        }
    }

    /// The model that is served stays where the file that replaces it cannot be read.
    @Test(.enabled(if: Faults.isAvailable, faultsNeeded)) func aModelStaysWhereTheNextCannotBeRead() throws {
        let folder = try TestFolder()
        let models = folder.path("models")
        let path = models + "/m.safetensors"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Program.bundled("nltcs"), toPath: path)
        // Whatever is opened as `spoilt`, which the served path leads to later.
        let spoilt = folder.path("spoilt")
        try FileManager.default.copyItem(atPath: Program.bundled("digits"), toPath: spoilt)
        let server = try ServingProgram([models], environment: Faults.environment("pread 5 1 0 /spoilt"))
        let client = try server.client()
        let before = try client.post("/models/m/score", Self.body)
        try #require(before.status == 200)
        try #require(unlink(path) == 0 && symlink(spoilt, path) == 0)
        let refused = try client.post("/models/m/reload", "")
        #expect(refused.status >= 400 && refused.text.contains("Input/output error"), "\(refused.text)")
        #expect(try client.post("/models/m/score", Self.body).text == before.text)
    }
}
