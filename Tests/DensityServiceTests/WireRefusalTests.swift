import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// Bytes that are no request, or not one within the limits.
private struct WireRefusal: Sendable, CustomTestStringConvertible {
    enum Form { case problem, error, page }
    var what: String
    var text: String
    var status: Int
    /// A part of the detail.
    var detail = ""
    var form = Form.problem
    var allow: String? = nil
    /// Whether the connection ends with the answer.
    var closes = true

    var testDescription: String { what }
}

private let post = "POST /score HTTP/1.1\r\nHost: a\r\n"
private let get = "GET /livez HTTP/1.1\r\nHost: a\r\n"

private func fields(_ count: Int) -> String { (0..<count).map { "X\($0): a\r\n" }.joined() }

private let wireRefusals: [WireRefusal] = [
    .init(what: "no Host", text: "GET /livez HTTP/1.1\r\n\r\n", status: 400, detail: "needs a Host"),
    .init(what: "no Host, to a protocol", text: "GET /v2 HTTP/1.1\r\n\r\n", status: 400, detail: "Host", form: .error),
    .init(what: "two Hosts", text: get + "Host: b\r\n\r\n", status: 400, detail: "more than one Host"),
    .init(what: "a space in a name", text: get + "X Y: 1\r\n\r\n", status: 400, detail: "header name"),
    .init(what: "a control character", text: get + "X: a\u{1}b\r\n\r\n", status: 400, detail: "control character"),
    .init(what: "no path", text: "GET livez HTTP/1.1\r\nHost: a\r\n\r\n", status: 400, detail: "starts with /"),
    .init(what: "%00", text: "GET /livez%00 HTTP/1.1\r\nHost: a\r\n\r\n", status: 400, detail: "%00"),
    .init(
        what: "two lengths", text: post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy", status: 400,
        detail: "Length"),
    .init(what: "gzip", text: post + "Transfer-Encoding: gzip\r\n\r\n", status: 400, detail: "other than chunked"),
    .init(
        what: "a length and chunks", text: post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        status: 400, detail: "together with"),
    .init(
        what: "an unknown method", text: "BREW /score HTTP/1.1\r\nHost: a\r\n\r\n", status: 405, detail: "use POST",
        allow: "POST", closes: false),
    .init(
        what: "an unknown method, to a protocol", text: "BREW /v2 HTTP/1.1\r\nHost: a\r\n\r\n", status: 405,
        detail: "use GET, HEAD", form: .error, allow: "GET, HEAD", closes: false),
    .init(what: "no length", text: post + "\r\n", status: 411, detail: "Content-Length", closes: false),
    .init(
        what: "a long body", text: post + "Content-Length: 70000\r\n\r\n" + String(repeating: " ", count: 70_000),
        status: 413, detail: "65536 bytes"),
    .init(
        what: "a long target", text: "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n",
        status: 414, detail: "8192 bytes"),
    .init(
        what: "an expectation", text: post + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", status: 417,
        detail: "100-c"),
    .init(
        what: "long fields", text: get + "X: \(String(repeating: "a", count: 15_000))\r\n\r\n", status: 431,
        detail: "limit"),
    .init(what: "many fields", text: get + fields(200) + "\r\n", status: 431, detail: "96 fields"),
    .init(what: "a head that stops", text: "GET /livez HT", status: 408, detail: "head did not arrive within 0.3 s"),
    .init(
        what: "a body that stops", text: post + "Content-Length: 20\r\n\r\n{", status: 408, detail: "the request's body"
    ),
    .init(
        what: "lines that stop", text: post + "Content-Type: text/csv\r\nContent-Length: 20\r\n\r\nv0", status: 408,
        detail: "the request's body"),
    // libmicrohttpd 0.9.75 answers these before anybody can see the request, and gives no hook to change it.
    .init(what: "two words", text: "GET /livez\r\n\r\n", status: 400, form: .page),
    .init(what: "a line without a colon", text: get + "nonsense\r\n\r\n", status: 400, form: .page),
    .init(what: "a length that is none", text: post + "Content-Length: 1x\r\n\r\nx", status: 400, form: .page),
    .init(
        what: "a chunk that is none", text: post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", status: 400, form: .page
    ),
    .init(
        what: "a length beyond all numbers", text: post + "Content-Length: 99999999999999999999999\r\n\r\n",
        status: 413,
        form: .page),
    .init(what: "a longer target", text: "GET /\(String(repeating: "a", count: 40_000))", status: 414, form: .page),
    .init(
        what: "longer fields", text: get + "X: \(String(repeating: "a", count: 40_000))\r\n\r\n", status: 431,
        form: .page),
    .init(what: "HTTP/2", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505, form: .page),
]

/// Those that are answered with a problem document here.
let wireStatuses = Set(wireRefusals.filter { $0.form == .problem }.map(\.status))

@Test func whatIsNoRequestIsRefusedToo() throws {
    let service = try TestService([randomModel("m", variables: 3)]) { options in
        options.bodyBytesMax = 65536
        options.headSecondsMax = 0.3
        options.bodySecondsMax = 0.3
    }
    for refusal in wireRefusals {
        let client = try service.client()
        client.send(refusal.text)
        let response = try client.receive()
        let comment = Comment(rawValue: "\(refusal.what): \(response.head) \(response.text)")
        #expect(response.status == refusal.status, comment)
        #expect(response.header("Allow") == refusal.allow, comment)
        #expect((response.header("Connection")?.lowercased() == "close") == refusal.closes, comment)
        switch refusal.form {
        case .problem:
            #expect(response.header("Content-Type") == "application/problem+json", comment)
            let problem = try response.decode(ProblemReply.self)
            #expect(problem.status == refusal.status && problem.title == Problem.title(of: refusal.status), comment)
            #expect(problem.detail.contains(refusal.detail), comment)
            #expect(problem.requestId == response.header("X-Request-ID") && !problem.requestId.isEmpty, comment)
        case .error:
            #expect(response.header("Content-Type") == "application/json", comment)
            #expect(try response.decode([String: String].self)["error"]?.contains(refusal.detail) == true, comment)
        case .page:
            #expect(response.header("X-Request-ID") == nil, comment)
        }
        if refusal.closes {
            _ = client.rest()
        } else {
            #expect(try client("GET", "/livez").status == 200, comment)
        }
    }
}
