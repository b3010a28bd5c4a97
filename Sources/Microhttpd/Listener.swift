internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// Why a server cannot listen. `description` is one line for the person at the terminal.
public enum ServerError: Error, Equatable, CustomStringConvertible {
    /// The host name or address means nothing here.
    case hostUnknown(host: String, reason: String)
    /// Another process listens there already.
    case portInUse(host: String, port: UInt16)
    /// Anything else that the system has against it.
    case cannotListen(host: String, port: UInt16, reason: String)
    /// libmicrohttpd would not start.
    case cannotStart(reason: String)

    /// What was wrong, and where.
    public var description: String {
        switch self {
        case .hostUnknown(let host, let reason): "cannot listen on \(host): \(reason)"
        case .portInUse(let host, let port):
            "cannot listen on \(endpoint(host, port)): the port is in use by another process"
        case .cannotListen(let host, let port, let reason): "cannot listen on \(endpoint(host, port)): \(reason)"
        case .cannotStart(let reason): "cannot start the HTTP server: \(reason)"
        }
    }
}

/// The listening socket. Ours and not libmicrohttpd's, whose reuse option is SO_REUSEPORT: with it a second server would
/// silently take a part of the first one's connections.
final class Listener: Sendable {
    /// What an attempt to accept gave.
    enum Arrival {
        case socket(Int32)
        case nobody
        /// The process or the system has no descriptors or no memory left.
        case exhausted
    }

    let port: UInt16
    private let openDescriptor: Atomic<Int32>

    init(host: String, port: UInt16, backlog: Int32) throws(ServerError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(bareHost(host), String(port), &hints, &found)
        guard status == 0, let first = found else {
            throw ServerError.hostUnknown(host: host, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var failure: Int32 = 0
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let candidate = next {
            if let descriptor = Self.listen(on: candidate.pointee, backlog: backlog, failure: &failure) {
                openDescriptor = Atomic(descriptor)
                (self.port, isOnEveryAddress) = Self.bound(descriptor)
                return
            }
            next = candidate.pointee.ai_next
        }
        if failure == EADDRINUSE { throw ServerError.portInUse(host: host, port: port) }
        throw ServerError.cannotListen(host: host, port: port, reason: String(cString: strerror(failure)))
    }

    deinit { close() }

    /// Negative once closed.
    var descriptor: Int32 { openDescriptor.load(ordering: .acquiring) }

    /// Whether it listens on every address of the machine: 0.0.0.0 or ::.
    let isOnEveryAddress: Bool

    /// Gives the port back. Clients are then told at once that nobody listens.
    func close() {
        let descriptor = openDescriptor.exchange(-1, ordering: .acquiringAndReleasing)
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Lets no more handshakes begin: no connection may come between the last that is taken and `close`, which would break
    /// it off.
    func closeBacklog() { mhd_shim_close_backlog(descriptor) }

    /// Takes the next connection that waits in the backlog.
    func accept() -> Arrival {
        while true {
            let socket = mhd_shim_accept(descriptor)
            if socket >= 0 { return .socket(socket) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .nobody
            }
        }
    }

    private static func listen(on address: addrinfo, backlog: Int32, failure: inout Int32) -> Int32? {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, type, 0)
        guard descriptor >= 0 else {
            failure = errno
            return nil
        }
        // Without SO_REUSEADDR a restart would wait for the old connections' TIME_WAIT. `::` shall take IPv4 as well.
        setFlag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if address.ai_family == AF_INET6 { setFlag(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        if bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, Glibc.listen(descriptor, backlog) == 0 {
            return descriptor
        }
        failure = errno
        Glibc.close(descriptor)
        return nil
    }

    private static func setFlag(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func bound(_ descriptor: Int32) -> (port: UInt16, isOnEveryAddress: Bool) {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = getsockname(descriptor, address, &length)
                // The port has the same place in both address families.
                let port = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_port
                return (UInt16(bigEndian: port), isUnspecified(address))
            }
        }
    }
}

/// Gives the address of the other end of a connection, as far as the system knows it, kept in `address`.
func withPeer<Result>(
    of socket: Int32, _ address: inout sockaddr_storage,
    _ use: (_ peer: UnsafeMutablePointer<sockaddr>, _ length: socklen_t) -> Result
) -> Result {
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = getpeername(socket, $0, &length)
            return use($0, length)
        }
    }
}

/// The numeric form of a client's address, without the port; of a mapped one (::ffff:192.0.2.1) that of IPv4.
func numericHost(of address: UnsafePointer<sockaddr>) -> String {
    if let address = ipv4(of: address) {
        return [24, 16, 8, 0].map { "\(address >> $0 & 0xFF)" }.joined(separator: ".")
    }
    let length =
        address.pointee.sa_family == sa_family_t(AF_INET6)
        ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(address, socklen_t(length), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
        return ""
    }
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
}

private func bareHost(_ host: String) -> String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
}

private func endpoint(_ host: String, _ port: UInt16) -> String {
    let bare = bareHost(host)
    return bare.contains(":") ? "[\(bare)]:\(port)" : "\(bare):\(port)"
}
