internal import Foundation
internal import Glibc

/// A client that sends exactly the bytes it is given.
public final class Client {
    private let socket: Int32
    private var tls: ClientTLS?

    /// Connects to an IPv4 address; with `tls`, shakes hands.
    public init(host: String = "127.0.0.1", port: UInt16, tls options: TLSOptions? = nil) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw ClientError.refused(errno) }
        // Only a broken server makes a test wait this long.
        var bound = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        // Pieces of a request go out one by one, and none waits for the acknowledgement of the one before.
        var isOn: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        if let options { tls = try ClientTLS(socket: socket, options: options) }
    }

    deinit { close(socket) }

    /// The server's certificate, DER; empty without TLS.
    public var peerCertificate: [UInt8] { tls?.peerCertificate ?? [] }

    /// Whether all bytes were taken; false once the server has closed.
    @discardableResult
    public func send(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                tls?.send($0) ?? Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Sends text as UTF-8.
    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Whether bytes, or the end, come within so many milliseconds.
    public func isAnswered(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Nothing more will be sent; replies can still be read.
    public func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// Goes away without a goodbye: closing resets the connection, and drops what the server has not read.
    public func abandon() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(socket, Int32(SHUT_RDWR))
    }

    /// Posts a JSON body and waits for the reply.
    public func post(_ path: String, _ body: String) throws -> ReceivedReply {
        send("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try reply()
    }

    /// Asks for a path and waits for the reply.
    public func get(_ path: String) throws -> ReceivedReply {
        send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try reply()
    }

    private var received: [UInt8] = []

    /// The next reply. `toHead`: it answers a HEAD request and has no body.
    public func reply(toHead: Bool = false) throws -> ReceivedReply {
        let separator = Array("\r\n\r\n".utf8)
        var end = received.firstRange(of: separator)
        while end == nil {
            try receiveMore()
            end = received.firstRange(of: separator)
        }
        guard let end else { throw ClientError.closed }
        var reply = ReceivedReply(head: String(decoding: received[..<end.lowerBound], as: UTF8.self))
        received.removeFirst(end.upperBound)
        let length = toHead ? 0 : Int(reply["content-length"] ?? "0") ?? 0
        while received.count < length { try receiveMore() }
        reply.body = Array(received.prefix(length))
        received.removeFirst(length)
        return reply
    }

    /// Whatever comes until the server closes.
    public func rest() -> [UInt8] {
        while (try? receiveMore()) != nil {}
        defer { received = [] }
        return received
    }

    /// Waits for the next bytes of whatever is sent, and keeps them for `reply`.
    public func receiveMore() throws {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = tls?.receive(&chunk) ?? recv(socket, &chunk, chunk.count, 0)
        if tls == nil, count < 0, errno == EAGAIN { throw ClientError.silent }
        guard count > 0 else { throw ClientError.closed }
        received += chunk[..<count]
    }
}

/// What a client can meet instead of a reply.
public enum ClientError: Error, Equatable {
    /// Nobody listens; the errno.
    case refused(Int32)
    /// The server closed.
    case closed
    /// The server neither answered nor closed.
    case silent
}

/// A reply as it came.
public struct ReceivedReply: Sendable {
    /// Status line and header fields.
    public let head: String
    /// The body's bytes.
    public var body: [UInt8] = []
    /// The status code.
    public let status: Int

    /// By their names in small letters; of several of a name the first.
    private let fields: [String: String]

    init(head: String) {
        self.head = head
        status = Int(head.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0
        let named = head.split(separator: "\r\n").dropFirst().compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
        }
        fields = Dictionary(named) { first, _ in first }
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body's lines that begin with one of `prefixes`.
    public func lines(startingWith prefixes: String...) -> [String] {
        body.split(separator: UInt8(ascii: "\n"))
            .filter { line in prefixes.contains { line.starts(with: $0.utf8) } }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of a header field, whatever the case of its name.
    public subscript(name: String) -> String? { fields[name.lowercased()] }
}
