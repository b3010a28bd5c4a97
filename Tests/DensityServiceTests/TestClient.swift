import Foundation
import RawHTTP

typealias TestClient = Client
typealias Response = ReceivedReply

extension Response {
    func header(_ name: String) -> String? { self[name] }

    func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(body))
    }
}

extension TestClient {
    func send(_ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil) throws {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\n"
        for header in headers { head += header + "\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        guard send(Array((head + "\r\n").utf8) + (body ?? [])) else { throw ClientError.closed }
    }

    func receive(toHead: Bool = false) throws -> Response { try reply(toHead: toHead) }

    /// The next reply, which takes its time: meanwhile other tests have this one's thread.
    func lateReply() async throws -> Response {
        let start = ContinuousClock.now
        while !isAnswered(within: 5), ContinuousClock.now - start < .seconds(20) { await Task.yield() }
        return try receive()
    }

    func callAsFunction(
        _ method: String, _ path: String, headers: [String] = [], body: String? = nil
    ) throws -> Response {
        try send(method, path, headers: headers, body: body.map { Array($0.utf8) })
        return try receive(toHead: method == "HEAD")
    }

    func post(_ path: String, _ body: String, headers: [String] = []) throws -> Response {
        try self("POST", path, headers: ["Content-Type: application/json"] + headers, body: body)
    }
}
