internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// What is known of the clients of one address, while one of them is connected and until its bucket is full again.
///
/// `@unchecked Sendable`: `connectionCount` is touched under the table's lock only.
final class ClientAddress: @unchecked Sendable {
    let bucket = TokenBucket()
    fileprivate let key: UInt64
    fileprivate var connectionCount = 0

    fileprivate init(key: UInt64) { self.key = key }
}

/// The addresses that clients come from. Of IPv6, where every client has a network of its own, 64 bits are one address.
final class AddressTable: Sendable {
    private let entries = Mutex<[UInt64: ClientAddress]>([:])
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
        let key = Self.key(of: address)
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
    private static func makeRoom(in entries: inout [UInt64: ClientAddress], now: UInt64) {
        let count = entries.count
        entries = entries.filter { $0.value.connectionCount > 0 || !$0.value.bucket.isFull(now: now) }
        if entries.count > count / 2 { entries = entries.filter { $0.value.connectionCount > 0 } }
    }

    /// IPv4, in IPv6's clothes too, as the 32 bits after a prefix that no network of IPv6 has.
    private static func key(of address: UnsafePointer<sockaddr>) -> UInt64 {
        let mark: UInt64 = 0xFFFF_0000_0000
        if let address = ipv4(of: address) { return mark | UInt64(address) }
        guard address.pointee.sa_family == sa_family_t(AF_INET6) else { return 0 }
        return UnsafeRawPointer(address).loadUnaligned(
            fromByteOffset: MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8, as: UInt64.self)
    }
}

/// An IPv4 address in host order, also where IPv6 maps it; nil for any other.
private func ipv4(of address: UnsafePointer<sockaddr>) -> UInt32? {
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
