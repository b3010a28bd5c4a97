import Foundation
import Glibc
import RawHTTP
import Synchronization
import Testing

@testable import Microhttpd

/// An authority and a server of its, made once for all tests.
private enum Fixture {
    static let certificates = try? Certificates()
    static let server = try? certificates?.issue("localhost")
    static let other = try? certificates?.issue("other")

    static func authority() throws -> Certificates { try #require(certificates) }

    static func identity(_ issued: Certificates.Identity?, asks: Bool = false) throws -> TLSIdentity {
        let issued = try #require(issued)
        return try TLSIdentity(
            certificate: issued.certificateBytes, key: issued.keyBytes,
            clientAuthorities: asks ? authority().authority.certificateBytes : nil)
    }

    static func client(
        _ server: Server, _ identity: Certificates.Identity? = nil, version: String = "TLS1.3"
    ) throws -> Client {
        try Client(
            port: server.port, tls: TLSOptions(authority: authority(), identity: identity, version: version))
    }
}

/// Runs a server that speaks TLS, with `echo` as its handler.
private func withTLS<Result>(
    limits: Limits = patient, asks: Bool = false, receive: @escaping @Sendable (Exchange) -> Void = echo,
    _ body: (Server) throws -> Result
) throws -> Result {
    let identity = try Fixture.identity(Fixture.server, asks: asks)
    return try withServer(limits: limits, tls: { identity }, receive: receive, body)
}

/// The beginning of a ClientHello of 512 bytes.
private let halfHello: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]

@Suite(.enabled(if: Certificates.canBeMade, "there is no openssl to make certificates with"), .timeLimit(.minutes(2)))
struct TLSTests {
    @Test(arguments: ["TLS1.2", "TLS1.3"])
    func requestsOfEveryFormAreAnsweredOverOneConnection(version: String) throws {
        try withTLS { server throws in
            let client = try Fixture.client(server, version: version)
            for count in [0, 1, 16_384, 16_385, 3_000_000] {
                let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
                client.send(body)
                let reply = try client.reply()
                #expect(reply.status == 200 && reply["X-Asked"] == "POST /a" && reply.body == body, "\(count)")
            }
            client.send("POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            client.send("2\r\nde\r\n0\r\n\r\n")
            #expect(try client.reply().text == "abcde")
            // Two requests in one record, and one in many.
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["X-Asked"] == "GET /1" && client.reply()["X-Asked"] == "GET /2")
            for byte in Array("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n".utf8) { client.send([byte]) }
            #expect(try client.reply()["X-Asked"] == "GET /3")
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try client.reply(toHead: true).status == 200)
            #expect(throws: ClientError.closed) { try client.reply() }
        }
    }

    @Test(arguments: ["TLS1.0", "TLS1.1"])
    func olderVersionsAreRefused(version: String) throws {
        try withTLS { server throws in
            #expect(throws: TLSFailure.self) { try Fixture.client(server, version: version) }
            #expect(try Fixture.client(server).get("/").status == 200)
        }
    }

    @Test func whoSpeaksPlainHTTPIsToldNotTo() throws {
        try withTLS { server throws in
            for _ in 0..<20 {
                let plain = try Client(port: server.port)
                let reply = try plain.post("/", String(repeating: "x", count: 1000))
                #expect(reply.status == 400 && reply.text.contains("https://"))
                #expect(throws: ClientError.closed) { try plain.reply() }
            }
        }
    }

    @Test func whoSpeaksNoTLSIsDropped() throws {
        try withTLS { server throws in
            for text in [
                "get / HTTP/1.1\r\n\r\n", "\0\0\0\0\0\0\0\0", String(repeating: "x", count: 100_000),
            ] {
                let plain = try Client(port: server.port)
                plain.send(text)
                #expect(throws: ClientError.closed) { while true { _ = try plain.reply() } }
            }
            #expect(try Fixture.client(server).get("/").status == 200)
        }
    }

    @Test func manyHandshakesAtOnceAllEndInAnswers() async throws {
        let identity = try Fixture.identity(Fixture.server)
        let server = try Server(options: tlsOptions(identity)) { _ in ClosureHandler(onReceive: echo) }
        server.start()
        let answered = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try (0..<40).count { number in
                        try Fixture.client(server, version: number % 2 == 0 ? "TLS1.2" : "TLS1.3").get("/").status
                            == 200
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(answered == 160)
        #expect(server.stop(grace: .seconds(60)))
    }

    private func tlsOptions(_ identity: TLSIdentity) -> ServerOptions {
        var options = ServerOptions(port: 0)
        options.tlsIdentity = { identity }
        return options
    }

    /// Neither holds up a stop, nor does libmicrohttpd die of it.
    @Test func aStopWaitsNeitherForUnfinishedHandshakesNorForConnectionsAtRest() throws {
        let identity = try Fixture.identity(Fixture.server)
        let server = try Server(options: tlsOptions(identity)) { _ in ClosureHandler(onReceive: echo) }
        server.start()
        let silent = try Client(port: server.port)
        let resting = try Fixture.client(server)
        let used = try Fixture.client(server)
        #expect(try used.get("/").status == 200)
        // Longer than any test may take.
        #expect(server.stop(grace: .seconds(600)))
        for client in [silent, resting, used] { #expect(throws: ClientError.closed) { try client.reply() } }
    }

    @Test func theEndOfTheGracePeriodCutsHandshakesOff() throws {
        let identity = try Fixture.identity(Fixture.server)
        for _ in 0..<5 {
            let server = try Server(options: tlsOptions(identity)) { _ in ClosureHandler(onReceive: echo) }
            server.start()
            let half = try (0..<8).map { _ in
                let client = try Client(port: server.port)
                client.send(halfHello)
                return client
            }
            #expect(try Fixture.client(server).get("/").status == 200)
            #expect(server.stop(grace: .milliseconds(1)))
            for client in half { #expect(throws: ClientError.closed) { try client.reply() } }
        }
    }

    @Test func aClientThatStopsInTheMiddleOfItsHelloIsDropped() throws {
        try withTLS(limits: limits { $0.headSecondsMax = 0.3 }) { server throws in
            let client = try Client(port: server.port)
            client.send(halfHello)
            #expect(client.rest().isEmpty)
            let gone = try Client(port: server.port)
            gone.send(halfHello)
            gone.finishSending()
            #expect(gone.rest().isEmpty)
        }
    }

    @Test func whoIsTooSlowReadsIts408() throws {
        try withTLS(
            limits: limits {
                $0.headSecondsMax = 0.3
                $0.bodySecondsMax = 0.3
            }
        ) { server throws in
            let head = try Fixture.client(server)
            #expect(try head.get("/").status == 200)
            head.send("GET / HTTP/1.1\r\nHo")
            #expect(try head.reply().status == 408)
            let body = try Fixture.client(server)
            body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(try body.reply().status == 408)
            #expect(throws: ClientError.closed) { try body.reply() }
        }
    }

    @Test func answersFromOtherThreadsReachTheirClients() throws {
        let later: @Sendable (Exchange) -> Void = { exchange in
            Thread.detachNewThread { exchange.reply(Reply(status: 200, body: [UInt8](repeating: 7, count: 200_000))) }
        }
        try withTLS(receive: later) { server throws in
            let client = try Fixture.client(server)
            for _ in 0..<20 { #expect(try client.get("/").body.count == 200_000) }
        }
    }

    @Test func anotherCertificateTakesOverForNewConnections() throws {
        let first = try Fixture.identity(Fixture.server)
        let second = try Fixture.identity(Fixture.other)
        let isSecond = Atomic(false)
        try withServer(tls: { isSecond.load(ordering: .relaxed) ? second : first }) { server throws in
            let old = try Fixture.client(server)
            #expect(try old.get("/").status == 200)
            isSecond.store(true, ordering: .relaxed)
            let new = try Fixture.client(server)
            #expect(try new.get("/").status == 200 && old.get("/").status == 200)
            #expect(old.peerCertificate != new.peerCertificate && !old.peerCertificate.isEmpty)
        }
    }

    @Test(arguments: ["TLS1.2", "TLS1.3"])
    func theCertificateThatAClientShowsIsJudged(version: String) throws {
        let authority = try Fixture.authority()
        let strange = try Certificates()
        let stranger = try strange.issue("stranger", forClient: true)
        let handler: @Sendable (Int) -> any LoopHandler = { _ in CertificateHandler() }
        let identity = try Fixture.identity(Fixture.server, asks: true)
        let server = try Server(options: tlsOptions(identity), makeHandler: handler)
        server.start()
        defer { server.stop(grace: .seconds(5)) }
        let ask = { (shown: Certificates.Identity?) in
            try Fixture.client(server, shown, version: version).get("/").text
        }
        #expect(try ask(nil) == "none")
        #expect(try ask(authority.issue("robot\(version)", forClient: true)) == "valid CN=robot\(version)")
        #expect(try ask(authority.issue("late\(version)", forClient: true, days: -1)).contains("expired"))
        #expect(try ask(Fixture.server).contains("intended purpose"))
        // A client may refuse to show what the server's authorities have not signed.
        let strangers = try ask(stranger)
        #expect(strangers == "none" || strangers.hasPrefix("invalid"), "\(strangers)")
        withExtendedLifetime(strange) {}
        // Where nobody asks, nothing counts.
        try withServer(tls: { (try? Fixture.identity(Fixture.server)) ?? identity }) { server throws in
            #expect(
                try Fixture.client(server, authority.issue("unasked\(version)", forClient: true)).get("/").status == 200
            )
        }
    }

    @Test func whatIsNoCertificateOrNotItsKeyIsRefused() throws {
        let authority = try Fixture.authority()
        let server = try #require(Fixture.server)
        let refusal = { (certificate: [UInt8], key: [UInt8], authorities: [UInt8]?) -> TLSError? in
            do throws(TLSError) {
                _ = try TLSIdentity(certificate: certificate, key: key, clientAuthorities: authorities)
                return nil
            } catch {
                return error
            }
        }
        let (certificate, key) = (server.certificateBytes, server.keyBytes)
        #expect(refusal(certificate, key, nil) == nil)
        #expect(refusal(key, key, nil) == .certificate("no certificate in PEM form"))
        #expect(refusal([], key, nil) == .certificate("no certificate in PEM form"))
        #expect(refusal(certificate, Array("no key".utf8), nil) == .key("not in PEM form"))
        #expect(refusal(certificate, authority.authority.keyBytes, nil) == .key("not the key of the certificate"))
        #expect(refusal(certificate, key, []) == .clientAuthorities("no certificate in PEM form"))
        try Certificates.run(
            ["pkey", "-in", server.key, "-aes256", "-passout", "pass:secret", "-out", "locked.key"],
            in: authority.folder)
        let locked = try Array(Data(contentsOf: authority.folder.appendingPathComponent("locked.key")))
        #expect(refusal(certificate, locked, nil)?.description.contains("encrypted") == true)
    }
}

/// Answers with what the client's certificate is.
private final class CertificateHandler: LoopHandler {
    func earlyReply(to head: RequestHead) -> Reply? {
        switch head.clientCertificate {
        case .none: head.principal = "none"
        case .invalid(let reason): head.principal = "invalid \(reason)"
        case .valid(let subject): head.principal = "valid \(subject)"
        }
        return nil
    }

    func receive(_ exchange: Exchange) {
        exchange.reply(Reply(status: 200, body: Array((exchange.principal ?? "").utf8)))
    }

    func endOfTurn() {}
    func reply(to refusal: Refusal, requestID: String?) -> Reply { Reply(status: refusal.status) }
}
