internal import CMicrohttpdShim
internal import Glibc

/// An answer: status, header fields and body. `Content-Length`, `Date` and `Connection` are the server's business.
public struct Reply: Sendable, Equatable {
    /// One header field, safe to send: its text cannot hold a line end.
    public struct Header: Sendable, Equatable {
        /// The field's name.
        public let name: String
        /// The field's value; control characters have become spaces.
        public let value: String

        /// - Precondition: `name` is a token of RFC 9110 (names come from source code, values may come from clients).
        public init(_ name: String, _ value: String) {
            precondition(!name.isEmpty && name.hasOnlyBytes(isTokenByte), "not a header name")
            self.name = name
            self.value = value.hasOnlyBytes(Self.isText) ? value : Self.cleaned(value)
        }

        private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F }

        private static func cleaned(_ value: String) -> String {
            String(decoding: value.utf8.map { isText($0) ? $0 : 0x20 }, as: UTF8.self)
        }
    }

    /// Status code, 200…599.
    public var status: Int
    /// The header fields, in the order they are sent.
    public var headers: [Header]
    /// The body. The answer to a HEAD request states its length and leaves it out.
    public var body: [UInt8]
    /// What the body goes on with: a large one need not be copied together.
    public var pieces: [[UInt8]] = []

    /// - Precondition: `status` is in 200…599.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        precondition((200..<600).contains(status), "not a final status code")
        self.status = status
        self.headers = headers.map { Header($0.name, $0.value) }
        self.body = body
    }

    /// Bytes of the body.
    public var bodyByteCount: Int { pieces.reduce(body.count) { $0 + $1.count } }

    /// Adds a header field.
    public mutating func addHeader(_ name: String, _ value: String) { headers.append(Header(name, value)) }

    /// The whole reply as it goes over the wire, for a socket that libmicrohttpd will no longer answer on.
    func wireBytes() -> [UInt8] {
        let phrase = String(cString: MHD_get_reason_phrase_for(UInt32(status)))
        var head = "HTTP/1.1 \(status) \(phrase)\r\nDate: \(httpDate())\r\nConnection: close\r\n"
        head += "Content-Length: \(bodyByteCount)\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        return Array((head + "\r\n").utf8) + body + pieces.joined()
    }

    private static let copiedBytesMax = 64 << 10

    /// What libmicrohttpd sends; nil where memory is short.
    func makeResponse() -> OpaquePointer? {
        // A copy of a large one would take the loop's time.
        guard pieces.isEmpty, body.count <= Self.copiedBytesMax else {
            return PieceReader(body: body, pieces: pieces).makeResponse()
        }
        return body.withUnsafeBytes { body in
            MHD_create_response_from_buffer(
                body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
        }
    }
}

/// The time in the form of RFC 9110, 5.6.7.
private func httpDate() -> String {
    var seconds = time(nil)
    var fields = tm()
    gmtime_r(&seconds, &fields)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let twoDigits = { (number: Int32) in number < 10 ? "0\(number)" : "\(number)" }
    let clock = [fields.tm_hour, fields.tm_min, fields.tm_sec].map(twoDigits).joined(separator: ":")
    let date = "\(twoDigits(fields.tm_mday)) \(months[Int(fields.tm_mon)]) \(1900 + fields.tm_year)"
    return "\(days[Int(fields.tm_wday)]), \(date) \(clock) GMT"
}

extension String {
    /// Whether all bytes of its UTF-8 are such. They are looked at in place: a walk over the view of so short a text takes several
    /// times as long.
    @inlinable package func hasOnlyBytes(_ isSuch: (UInt8) -> Bool) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isSuch) } ?? utf8.allSatisfy(isSuch)
    }
}

/// Whether a byte may stand in a token (RFC 9110, 5.6.2), which header names are.
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "!"),
        UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
        true
    default: false
    }
}
