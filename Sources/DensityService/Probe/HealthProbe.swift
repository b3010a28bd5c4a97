internal import Glibc
internal import MADERows

/// Asks a service whether it is ready: for containers that have no curl.
public enum HealthProbe {
    /// Nil where `url` (http or https, its path given or /readyz) answers 200 within `seconds`; else why not, in one line.
    public static func check(_ url: String, trust: ProbeTrust = .system, seconds: Int = 5) -> String? {
        guard let target = Target(url) else {
            return "\(quoted(url)) is not an address such as http://127.0.0.1:8080"
        }
        guard let socket = connect(to: target, seconds: seconds) else {
            return "\(target.host):\(target.port) cannot be reached: \(String(cString: strerror(errno)))"
        }
        defer { close(socket) }
        let request = Array(
            "GET \(target.path) HTTP/1.1\r\nHost: \(target.host):\(target.port)\r\nConnection: close\r\n\r\n".utf8)
        var tls: ProbeTLS?
        do throws(ProbeTLS.Failure) {
            if target.isSecure { tls = try ProbeTLS(socket: socket, host: target.host, trust: trust) }
        } catch {
            return error.reason
        }
        let sent = tls?.send(request) ?? send(socket, request, request.count, Int32(MSG_NOSIGNAL))
        guard sent == request.count else { return "the request could not be sent" }
        var head: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 512)
        while head.count < 64, !head.contains(UInt8(ascii: "\n")) {
            let count = tls?.receive(&chunk) ?? recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { return "no answer within \(seconds) s" }
            head.append(contentsOf: chunk[..<count])
        }
        let line = String(decoding: head.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let parts = line.split(separator: " ")
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1.") else { return "the answer is not HTTP" }
        return parts[1] == "200" ? nil : "not ready: \(line)"
    }

    private struct Target {
        var isSecure = false
        var host: String
        var port = "80"
        var path = "/readyz"

        init?(_ url: String) {
            isSecure = url.hasPrefix("https://")
            let scheme = isSecure ? "https://" : "http://"
            guard url.hasPrefix(scheme) else { return nil }
            if isSecure { port = "443" }
            let rest = url.dropFirst(scheme.count)
            var authority = rest.prefix { $0 != "/" }
            let path = rest.dropFirst(authority.count)
            if path.count > 1 { self.path = String(path) }
            if let colon = authority.lastIndex(of: ":"), authority[colon...].dropFirst().allSatisfy(\.isNumber) {
                port = String(authority[colon...].dropFirst())
                authority = authority[..<colon]
            }
            if authority.hasPrefix("["), authority.hasSuffix("]") { authority = authority.dropFirst().dropLast() }
            guard !authority.isEmpty, !port.isEmpty, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            host = String(authority)
        }
    }

    private static func connect(to target: Target, seconds: Int) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(target.host, target.port, &hints, &found) == 0, let first = found else { return nil }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            if descriptor < 0 { continue }
            var time = timeval(tv_sec: seconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
            close(descriptor)
        }
        return nil
    }
}
