import Glibc
import RawHTTP
import Testing

@testable import Microhttpd

/// Calls `use` with an address in its numeric form.
private func with<Result>(_ text: String, _ use: (UnsafePointer<sockaddr>) -> Result) -> Result {
    var storage = sockaddr_storage()
    return withUnsafeMutablePointer(to: &storage) { storage in
        storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
            $0.pointee.sin6_family = sa_family_t(AF_INET6)
            if inet_pton(AF_INET6, text, &$0.pointee.sin6_addr) == 1 { return }
            storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                $0.pointee.sin_family = sa_family_t(AF_INET)
                #expect(inet_pton(AF_INET, text, &$0.pointee.sin_addr) == 1)
            }
        }
        return storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { use($0) }
    }
}

@Suite struct AddressTableTests {
    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.7.6", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
        ("10.0.0.1", false), ("::ffff:10.0.0.1", false), ("::", false), ("::2", false), ("fe80::1", false),
        ("::127.0.0.1", false),
    ])
    func knowsWhatThisMachineIs(address: String, isHere: Bool) {
        #expect(with(address) { isLoopback($0) } == isHere)
    }

    @Test func anAddressOfIPv6IsItsNetworkAndAMappedOneIsIPv4() throws {
        let table = AddressTable(connectionCountMax: 9, entryCountMax: 100)
        let enter = { (text: String) in with(text) { table.enter($0, now: 1) } }
        let first = try #require(enter("2001:db8:1:2::1"))
        #expect(enter("2001:db8:1:2:ffff:ffff:ffff:ffff") === first)
        #expect(enter("2001:db8:1:3::1") !== first)
        let mapped = try #require(enter("::ffff:192.0.2.1"))
        #expect(enter("192.0.2.1") === mapped)
        #expect(enter("192.0.2.2") !== mapped)
    }

    @Test func aNetworkOfIPv6IsReadInNetworkOrder() {
        #expect(with("2001:db8:1:2:3:4:5:6") { AddressKey($0) } == .ipv6(0x2001_0db8_0001_0002))
        #expect(with("::1") { AddressKey($0) } == .ipv6(0))
        #expect(with("192.0.2.1") { AddressKey($0) } == .ipv4(0xC000_0201))
        #expect(with("::ffff:192.0.2.1") { AddressKey($0) } == .ipv4(0xC000_0201))
    }

    /// Whatever 64 bits an address of IPv6 begins with, in either order of bytes.
    @Test func noAddressOfIPv6SharesWithOneOfIPv4() throws {
        let table = AddressTable(connectionCountMax: 1, entryCountMax: 100)
        let enter = { (text: String) in with(text) { table.enter($0, now: 1) } }
        let address = try #require(enter("192.0.2.1"))
        for network in ["102:c0:ffff::1", "0:ffff:c000:201::1", "::192.0.2.1", "c000:201::1"] {
            let other = enter(network)
            #expect(other != nil && other !== address, "\(network)")
        }
        // One connection of the address is all there may be, by either name.
        #expect(enter("::ffff:192.0.2.1") == nil && enter("192.0.2.1") == nil)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"), ("::1", "::1"),
    ])
    func aMappedAddressIsShownAsIPv4(address: String, shown: String) {
        #expect(with(address) { numericHost(of: $0) } == shown)
    }

    @Test(arguments: [
        ("0.0.0.0", true), ("::", true), ("::ffff:0.0.0.0", true), ("127.0.0.1", false), ("::1", false),
        ("0.0.0.1", false),
    ])
    func knowsWhatEveryAddressIs(address: String, isEvery: Bool) {
        #expect(with(address) { isUnspecified($0) } == isEvery)
    }

    @Test func oneConnectionTooManyIsRefusedUntilAnotherHasEnded() throws {
        let table = AddressTable(connectionCountMax: 2, entryCountMax: 100)
        let enter = { with("192.0.2.1") { table.enter($0, now: 1) } }
        let client = try #require(enter())
        #expect(enter() != nil && enter() == nil)
        #expect(with("192.0.2.2") { table.enter($0, now: 1) } != nil)
        table.leave(client, now: 1)
        #expect(enter() != nil && enter() == nil)
    }

    @Test func whoHasLeftIsForgottenWhenItsBucketIsFull() throws {
        let table = AddressTable(connectionCountMax: 2, entryCountMax: 100)
        let rate = Rate(perSecond: 1, burst: 1)
        let enter = { with("192.0.2.1") { table.enter($0, now: 5) } }
        var client = try #require(enter())
        table.leave(client, now: 5)
        #expect(table.count == 0)
        client = try #require(enter())
        #expect(client.bucket.take(now: 5, rate: rate) == nil)
        table.leave(client, now: 5)
        // It comes back and finds its bucket as empty as it left it.
        #expect(table.count == 1 && enter()?.bucket.take(now: 5, rate: rate) != nil)
        table.leave(client, now: 5 + 2_000_000_000)
        #expect(table.count == 0)
    }

    @Test func theTableStaysBoundedWhateverAddressesCome() throws {
        let table = AddressTable(connectionCountMax: 2, entryCountMax: 64)
        let rate = Rate(perSecond: 1e-3, burst: 1)
        let lasting = try #require(with("198.51.100.1") { table.enter($0, now: 1) })
        for number in 0..<10_000 {
            let client = try #require(with("10.0.\(number / 256).\(number % 256)") { table.enter($0, now: 1) })
            _ = client.bucket.take(now: 1, rate: rate)
            table.leave(client, now: 1)
            #expect(table.count <= 65)
        }
        #expect(with("198.51.100.1") { table.enter($0, now: 1) } === lasting)
    }

    @Test func aConnectionOverTheLimitOfItsAddressIsClosedAtOnce() throws {
        try withServer(limits: limits { $0.addressConnectionCountMax = 2 }) { server in
            let kept = try (0..<2).map { _ in try Client(port: server.port) }
            for client in kept { #expect(try client.get("/").status == 200) }
            let refused = try Client(port: server.port)
            #expect(throws: ClientError.closed) { try refused.get("/") }
            for client in kept { #expect(try client.get("/again").status == 200) }
        }
    }
}
