import Foundation
import Glibc

/// One response as it came over the wire.
struct Response {
    var status = 0
    var headers: [String: String] = [:]
    var body = Data()

    var text: String { String(decoding: body, as: UTF8.self) }

    func header(_ name: String) -> String? { headers[name.lowercased()] }

    func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: body)
    }
}

struct ClientError: Error {
    var what: String
}

/// A blocking client with one connection, that takes nothing of HTTP for granted.
final class TestClient {
    private let socket: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var time = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw ClientError(what: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(socket) }

    func send(_ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil) throws {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\n"
        for header in headers { head += header + "\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        let bytes = Array((head + "\r\n").utf8) + (body ?? [])
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw ClientError(what: "send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    func receive(toHead: Bool = false) throws -> Response {
        var response = Response()
        let mark = Array("\r\n\r\n".utf8)
        while buffer.firstRange(of: mark) == nil { try fill() }
        guard let end = buffer.firstRange(of: mark) else { throw ClientError(what: "no head") }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        response.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw ClientError(what: "header \(line)") }
            response.headers[line[..<colon].lowercased()] = line[colon...].dropFirst().trimmingCharacters(
                in: .whitespaces)
        }
        buffer.removeSubrange(..<end.upperBound)
        let length = toHead ? 0 : Int(response.header("Content-Length") ?? "0") ?? 0
        while buffer.count < length { try fill() }
        response.body = Data(buffer.prefix(length))
        buffer.removeFirst(length)
        return response
    }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &chunk, chunk.count, 0)
        guard count > 0 else { throw ClientError(what: count == 0 ? "closed" : String(cString: strerror(errno))) }
        buffer.append(contentsOf: chunk[..<count])
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
