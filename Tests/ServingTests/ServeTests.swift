import Foundation
import MADE
import MadeProgram
import RawHTTP
import Synchronization
import Testing

/// A count that many threads raise.
final class Counter: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }
    func increment() { value.wrappingAdd(1, ordering: .relaxed) }
}

@Suite struct ServeTests {
    private static let row = "{\"rows\":[[\(Array(repeating: "0", count: 16).joined(separator: ","))]]}"

    @Test func aTakenPortIsAClearError() throws {
        let server = try ServingProgram([])
        let second = try Program.run(["serve", "--port", "\(server.port)"])
        #expect(second.status == 1)
        #expect(second.errors.contains("127.0.0.1:\(server.port)"), "\(second.errors)")
        #expect(second.errors.contains("in use"), "\(second.errors)")
        #expect(try server.client().get("/readyz").status == 200)
    }

    /// Clients send without pause while the signal comes: each request that was sent whole on an accepted connection is
    /// either answered 200, or its connection ends before a single byte of an answer because it came after the last one.
    @Test func sigtermUnderLoadLosesNoAcceptedRequest() async throws {
        let server = try ServingProgram([])
        let answered = Counter()
        let clients = (0..<16).map { _ in
            Task {
                try await onThread {
                    let client = try server.client()
                    var isClosing = false
                    while !isClosing {
                        let reply = try client.post("/models/nltcs/score", Self.row)
                        #expect(reply.status == 200, "\(reply.head)")
                        isClosing = reply["connection"]?.lowercased() == "close"
                        answered.increment()
                    }
                }
            }
        }
        while answered.count < 500 { try await Task.sleep(for: .milliseconds(1)) }
        server.program.kill(SIGTERM)
        // Every client ends with an answer that says `Connection: close`: none saw its connection cut.
        for client in clients { try await client.value }
        #expect(server.program.finish().status == 0)
    }

    @Test func hostileRequestsLeaveItServing() throws {
        let server = try ServingProgram([])
        let expected = try server.client().post("/models/nltcs/score", Self.row).text
        var generator = PhiloxGenerator(seed: 23)
        let good = Array(
            "POST /models/nltcs/score HTTP/1.1\r\nHost: x\r\nContent-Length: \(Self.row.utf8.count)\r\n\r\n\(Self.row)"
                .utf8)
        for batch in 0..<4 {
            // All of a batch are sent before one answer is read: what has no answer is closed within a second or so where the
            // end came along with the bytes, else at once.
            let endsAtOnce = batch == 0
            let clients = try (0..<100).map { _ in
                let client = try server.client()
                client.send(mutation(of: good, using: &generator))
                if endsAtOnce { client.finishSending() }
                return client
            }
            if !endsAtOnce { for client in clients { client.finishSending() } }
            for client in clients { #expect(throws: ClientError.closed) { while true { _ = try client.reply() } } }
        }
        #expect(server.program.isRunning)
        let reply = try server.client().post("/models/nltcs/score", Self.row)
        #expect(reply.status == 200)
        #expect(reply.text == expected)
    }

    /// `bytes` with one to eight of them changed, left out, doubled, or parted by an end of line.
    private func mutation(of bytes: [UInt8], using generator: inout PhiloxGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let place = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(bytes[place], at: place)
            default: bytes.insert(contentsOf: [13, 10], at: place)
            }
        }
        return bytes
    }

    @Test func aPyTorchStateDictIsServedAsItIs() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Program.fixture("net_random_relu_deep.json")))
        struct Expected: Decodable {
            let rows: [[Int]]
            let log_likelihood: [Double]
        }
        let expected = try JSONDecoder().decode(Expected.self, from: data)
        let server = try ServingProgram(["--activation", "relu", Program.fixture("net_random_relu_deep.safetensors")])
        let scores = try server.client().score(expected.rows, model: "net_random_relu_deep")
        for (score, logLikelihood) in zip(scores, expected.log_likelihood) {
            #expect(abs(score - logLikelihood) < 1e-5 * abs(logLikelihood))
        }
    }

    @Test func aModelThatIsNotAutoregressiveIsNotServed() throws {
        let outcome = try Program.run([
            "serve", "--port", "0", "--activation", "relu", Program.fixture("violation_cycle.safetensors"),
        ])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("v2") && outcome.errors.contains("v4"), "\(outcome.errors)")
    }

    @Test func theBundledModelsHaveADefault() throws {
        let server = try ServingProgram([])
        let client = try server.client()
        let named = try client.post("/models/nltcs/score", Self.row)
        #expect(named.status == 200)
        #expect(try client.post("/score", Self.row).text == named.text)
    }

    @Test func healthTellsByItsStatus() throws {
        let server = try ServingProgram([])
        #expect(try Program.run(["health", "http://127.0.0.1:\(server.port)"]).status == 0)
        server.program.kill(SIGTERM)
        _ = server.program.finish()
        #expect(try Program.run(["health", "http://127.0.0.1:\(server.port)"]).status == 1)
    }

    @Test func printConfigShowsEverySettingAndEnds() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString).yaml").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try "alpha: 0.5\n".write(toFile: file, atomically: true, encoding: .utf8)
        let shown = try Program.run(["serve", "--config", file, "--port", "7", "-q", "--print-config", "m"])
        #expect(shown.status == 0 && shown.errors.isEmpty)
        let lines = shown.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in ["port: 7 # flag", "alpha: 0.5 # \(file):1", "models: [m] # flag", "log-level: warning # flag"] {
            #expect(lines.contains(line), "\(shown.output)")
        }
        // Every setting has its flag, with its documentation.
        let help = try Program.run(["serve", "--help"]).output
        for line in lines {
            let name = try #require(line.split(separator: ":").first)
            #expect(help.contains(name == "models" ? "<models>" : "--\(name) <"), "\(name)")
        }
    }

    @Test func aWrongSettingIsWrongUsage() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString).yaml").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try "\nprot: 1\n".write(toFile: file, atomically: true, encoding: .utf8)
        let unknown = try Program.run(["serve", "--config", file])
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("\(file):2: \"prot\" is not a setting; did you mean 'port'?"))
        let missing = try Program.run(["serve", "--config", "/no/such/file"])
        #expect(missing.status == 2 && missing.errors.contains("/no/such/file: No such file or directory"))
        let wrong = try Program.run(["serve", "--port", "x"])
        #expect(wrong.status == 2 && wrong.errors.contains("--port: \"x\" is not a whole number, 0 to 65535"))
    }
}
