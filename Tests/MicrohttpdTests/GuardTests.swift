import Foundation
import Microhttpd
import Synchronization
import RawHTTP
import Testing

/// What libmicrohttpd 0.9.75 accepts and HTTP forbids.
@Suite struct GuardTests {
    @Test(arguments: [
        ("a header name with a space", "GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n"),
        ("white space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        ("a tab before the colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 1\r\n\r\nx"),
        ("two equal Content-Lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
        ("two Content-Lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nxy"),
        ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n"),
        (
            "two Transfer-Encodings",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        (
            "Content-Length and Transfer-Encoding",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        ("gzip, chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
        ("an empty Transfer-Encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"),
        ("Transfer-Encoding with HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a path without its slash", "GET score HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("an absolute target", "GET http://a/score HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("an asterisk", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("%00 in the path", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("%00 in the query", "GET /a?b=%00 HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a control character in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{1}b\r\n\r\n"),
        ("a lone CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
        ("a folded Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\nx"),
        ("a folded Transfer-Encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        ("a Content-Length that is no number", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\nx"),
        ("a negative Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        ("a header line without a colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"),
        ("a chunk size that is no number", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    ])
    func isAnsweredWith400AndTheConnectionCloses(what: String, request: String) throws {
        let receivedCount = Counter()
        let receive: @Sendable (Exchange) -> Void = { exchange in
            receivedCount.increment()
            echo(exchange)
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            client.send(request)
            let reply = try client.reply()
            #expect(reply.status == 400, "\(what)")
            #expect(reply["Connection"] == "close", "\(what)")
            _ = client.rest()
        }
        #expect(receivedCount.value == 0, "\(what)")
    }

    @Test func aRefusalKeepsTheRequestIDAndSaysWhatIsWrong() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("GET /a%00 HTTP/1.1\r\nHost: a\r\nX-Request-ID: abc\r\n\r\n")
            let reply = try client.reply()
            #expect(reply["X-Request-ID"] == "abc")
            #expect(reply.text == "refused: the request target holds %00")
        }
    }

    @Test func whatIsLegalPasses() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            for request in [
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
                "GET /%2500 HTTP/1.1\r\nHost:a\r\nX!#$%&'*+.^_`|~-9: v\r\n\r\n",
                "\r\nGET / HTTP/1.1\r\nHost: a\r\nContent-Language: de\r\nTE: trailers\r\n\r\n",
            ] {
                client.send(request)
                #expect(try client.reply().status == 200, "\(request)")
            }
        }
    }
}

/// Counts from any thread.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
}
