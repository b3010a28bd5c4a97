internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// What is known of the clients of one address, while one of them is connected and until its bucket is full again.
///
/// `@unchecked Sendable`: `connectionCount` is touched under the table's lock only.
final class ClientAddress: @unchecked Sendable {
    let bucket = TokenBucket()
    fileprivate let key: AddressKey
    fileprivate var connectionCount = 0

    fileprivate init(key: AddressKey) { self.key = key }
}

/// The addresses that clients come from. Of IPv6, where every client has a network of its own, 64 bits are one address.
final class AddressTable: Sendable {
    private let entries = Mutex<[AddressKey: ClientAddress]>([:])
    private let connectionCountMax: Int
    private let entryCountMax: Int

    /// - Parameters:
    ///   - connectionCountMax: connections of one address; more are refused.
    ///   - entryCountMax: addresses that are remembered beside those that are connected.
    init(connectionCountMax: Int, entryCountMax: Int) {
        self.connectionCountMax = connectionCountMax
        self.entryCountMax = entryCountMax
    }

    /// A connection from `address` begins; nil where that is one too many.
    func enter(_ address: UnsafePointer<sockaddr>, now: UInt64) -> ClientAddress? {
        let key = AddressKey(address)
        return entries.withLock { entries in
            if entries.count >= entryCountMax, entries[key] == nil { Self.makeRoom(in: &entries, now: now) }
            let client = entries[key] ?? ClientAddress(key: key)
            guard client.connectionCount < connectionCountMax else { return nil }
            client.connectionCount += 1
            entries[key] = client
            return client
        }
    }

    /// A connection that entered has ended.
    func leave(_ client: ClientAddress, now: UInt64) {
        entries.withLock { entries in
            client.connectionCount -= 1
            if client.connectionCount == 0, client.bucket.isFull(now: now) { entries[client.key] = nil }
        }
    }

    var count: Int { entries.withLock { $0.count } }

    /// Forgets addresses without connections: those whose buckets are full, or all where that is not enough.
    private static func makeRoom(in entries: inout [AddressKey: ClientAddress], now: UInt64) {
        let count = entries.count
        entries = entries.filter { $0.value.connectionCount > 0 || !$0.value.bucket.isFull(now: now) }
        if entries.count > count / 2 { entries = entries.filter { $0.value.connectionCount > 0 } }
    }
}

/// What one client's connections have in common.
enum AddressKey: Hashable, Sendable {
    /// The address, in host order; also where IPv6 maps it (::ffff:192.0.2.1).
    case ipv4(UInt32)
    /// The first 64 bits of the address, its network, in host order.
    case ipv6(UInt64)
    /// A socket of another family.
    case other

    init(_ address: UnsafePointer<sockaddr>) {
        if let address = Microhttpd.ipv4(of: address) {
            self = .ipv4(address)
        } else if address.pointee.sa_family == sa_family_t(AF_INET6) {
            var whole = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self = .ipv6(withUnsafeBytes(of: &whole) { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) })
        } else {
            self = .other
        }
    }
}

/// An IPv4 address in host order, also where IPv6 maps it; nil for any other.
func ipv4(of address: UnsafePointer<sockaddr>) -> UInt32? {
    let bytes = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
        return UInt32(bigEndian: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr)
    case AF_INET6:
        var whole = bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr
        return withUnsafeBytes(of: &whole) { bytes in
            guard bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else { return nil }
            return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        }
    default: return nil
    }
}

/// Whether a client at `address` runs on this machine.
func isLoopback(_ address: UnsafePointer<sockaddr>) -> Bool {
    if let address = ipv4(of: address) { return address >> 24 == 127 }
    guard address.pointee.sa_family == sa_family_t(AF_INET6) else { return false }
    var whole = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
    return withUnsafeBytes(of: &whole) { $0[..<15].allSatisfy { $0 == 0 } && $0[15] == 1 }
}

/// Whether an address stands for all of a machine's: 0.0.0.0, or ::, mapped or not.
func isUnspecified(_ address: UnsafePointer<sockaddr>) -> Bool {
    if let address = ipv4(of: address) { return address == 0 }
    guard address.pointee.sa_family == sa_family_t(AF_INET6) else { return false }
    var whole = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
    return withUnsafeBytes(of: &whole) { $0.allSatisfy { $0 == 0 } }
}
