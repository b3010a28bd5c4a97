import Foundation
import MadeProgram
import RawHTTP
import Testing

/// Runs curl; its standard output.
private func curl(_ arguments: [String]) throws -> (status: Int32, output: String) {
    try runCommand(["curl", "-sS", "--max-time", "30"] + arguments)
}

/// Whether every thread of a process waits for something.
private func isAsleep(_ process: Int32) -> Bool {
    let folder = "/proc/\(process)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return threads.allSatisfy { thread in
        let line = (try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8)) ?? ""
        return line.drop { $0 != ")" }.dropFirst(2).first == "S"
    }
}

@Suite(.enabled(if: Certificates.canBeMade, "there is no openssl to make certificates with"), .timeLimit(.minutes(3)))
struct TLSTests {
    private let certificates: Certificates
    private let identity: Certificates.Identity

    init() throws {
        certificates = try Certificates()
        identity = try certificates.issue("localhost")
    }

    private func serve(_ more: [String] = []) throws -> ServingProgram {
        try ServingProgram(
            ["--tls-certificate-file", identity.certificate, "--tls-key-file", identity.key] + more, scheme: "https")
    }

    private func client(_ server: ServingProgram, version: String = "TLS1.3") throws -> Client {
        try Client(port: server.port, tls: TLSOptions(authority: certificates, version: version))
    }

    @Test func curlIsAnsweredWhereItTrustsTheCertificate() throws {
        let server = try serve()
        let url = "https://localhost:\(server.port)"
        let trusting = ["--cacert", certificates.authority.certificate]
        let row = "{\"rows\":[[\(Array(repeating: "0", count: 16).joined(separator: ","))]]}"
        for version in ["1.2", "1.3"] {
            let answer = try curl(trusting + ["--tlsv\(version)", "--tls-max", version, "-d", row, "\(url)/score"])
            #expect(answer.status == 0 && answer.output.contains("\"log_likelihood\":[-1.8"), "\(answer)")
        }
        #expect(try curl(["\(url)/readyz"]).status == 60)
        #expect(
            try curl(["http://localhost:\(server.port)/readyz"]).output.contains("this port speaks TLS: use https://"))
        #expect(try curl(trusting + ["\(url)/metrics"]).output.contains("made_tls_certificate_expiry_seconds 1"))
    }

    @Test func healthChecksTheCertificateUnlessToldNotTo() throws {
        let server = try serve()
        let url = "https://localhost:\(server.port)"
        #expect(try Program.run(["health", url, "--ca-file", certificates.authority.certificate]).status == 0)
        #expect(try Program.run(["health", url, "--ca-file", identity.certificate]).status == 0)
        #expect(try Program.run(["health", url, "--insecure"]).status == 0)
        let distrusted = try Program.run(["health", url])
        #expect(distrusted.status == 1 && distrusted.errors.contains("issuer is unknown"), "\(distrusted.errors)")
        let plain = try Program.run(["health", "http://localhost:\(server.port)"])
        #expect(plain.status == 1)
        let missing = try Program.run(["health", url, "--ca-file", "/no/such.pem"])
        #expect(missing.status == 1 && missing.errors.contains("/no/such.pem"), "\(missing.errors)")
    }

    @Test func withoutItsCertificateAClientSeesTheServiceWatchedAndNoMore() throws {
        let server = try serve(["--tls-client-ca-file", certificates.authority.certificate])
        let robot = try certificates.issue("robot", forClient: true)
        let url = "https://localhost:\(server.port)"
        let trusting = ["--cacert", certificates.authority.certificate, "-w", " %{http_code}"]
        #expect(try curl(trusting + ["\(url)/livez", "\(url)/v2/health/ready"]).output.hasSuffix(" 200"))
        for path in ["/", "/models", "/metrics", "/openapi.json", "/nowhere"] {
            let answer = try curl(trusting + [url + path])
            #expect(answer.output.hasSuffix(" 403") && answer.output.contains("tls-client-ca-file"), "\(answer)")
        }
        let shown = trusting + ["--cert", robot.certificate, "--key", robot.key]
        #expect(try curl(shown + ["\(url)/models"]).output.hasSuffix(" 200"))
        let metrics = try curl(shown + ["\(url)/metrics"]).output
        #expect(metrics.contains("made_rejected_total{reason=\"no_certificate\"} 5\n"))
        #expect(server.program.errors.contains("client=\"CN=robot\""))
    }

    /// Keeps one connection busy and opens others while certificates change.
    @Test func hangUpChangesTheCertificateWithoutAConnectionLost() throws {
        let server = try serve()
        let lasting = try client(server)
        var seen: Set<[UInt8]> = []
        for round in 1...3 {
            let before = try client(server).peerCertificate
            let next = try certificates.issue("round\(round)")
            for (new, old) in [(next.certificate, identity.certificate), (next.key, identity.key)] {
                try Data(contentsOf: URL(fileURLWithPath: new)).write(to: URL(fileURLWithPath: old), options: .atomic)
            }
            server.program.kill(SIGHUP)
            // The signal is answered by the log alone, so this asks until it has had its effect.
            var now = before
            while now == before {
                let fresh = try client(server, version: round % 2 == 0 ? "TLS1.2" : "TLS1.3")
                #expect(try fresh.get("/readyz").status == 200 && lasting.get("/readyz").status == 200)
                now = fresh.peerCertificate
            }
            seen.insert(now)
        }
        #expect(seen.count == 3)
        try Data("no key".utf8).write(to: URL(fileURLWithPath: identity.key))
        server.program.kill(SIGHUP)
        while !server.program.errors.contains("TLS certificate not reloaded") { sched_yield() }
        #expect(server.program.errors.contains("not in PEM form"))
        #expect(try client(server).get("/readyz").status == 200 && lasting.get("/readyz").status == 200)
    }

    @Test func unfinishedHandshakesTakeNoProcessorTime() throws {
        let server = try serve(["--quiet", "--head-seconds-max", "3600"])
        let half = try (0..<4).map { _ in
            let client = try Client(port: server.port)
            client.send([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3])
            return client
        }
        #expect(try client(server).get("/readyz").status == 200)
        // A loop that turns without a pause is never found asleep twice in a row, least of all twenty times.
        var streak = 0
        for _ in 0..<5000 where streak < 20 {
            streak = isAsleep(server.program.identifier) ? streak + 1 : 0
            sched_yield()
        }
        #expect(streak == 20)
        withExtendedLifetime(half) {}
    }

    @Test func settingsThatDoNotFitAreOneLine() throws {
        for (arguments, message) in [
            (["--tls-key-file", identity.key], "tls-key-file needs tls-certificate-file"),
            (["--tls-certificate-file", identity.certificate], "tls-certificate-file needs tls-key-file"),
            (["--tls-client-ca-file", identity.certificate], "tls-client-ca-file needs tls-certificate-file"),
            (
                ["--tls-certificate-file", identity.key, "--tls-key-file", identity.key],
                "\(identity.key): no certificate in PEM form"
            ),
            (["--tls-certificate-file", "/no", "--tls-key-file", identity.key], "/no: No such file or directory"),
        ] {
            let outcome = try Program.run(["serve", "--port", "0"] + arguments)
            #expect(outcome.status == 1 && outcome.errors == "Error: \(message)\n", "\(outcome.errors)")
        }
    }
}
