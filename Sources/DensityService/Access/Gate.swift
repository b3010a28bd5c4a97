internal import Microhttpd

/// Decides by the head of a request whether it is served: certificates, keys, rates, and where changes may come from.
final class Gate: Sendable {
    let origins: Origins?
    /// Nil where no keys are configured.
    let keys: KeyStore?
    /// Nil for plain HTTP.
    let tls: TLSStore?
    private let wantsCertificate: Bool
    private let keyRate: Rate?
    private let addressRate: Rate?

    /// - Throws: what is wrong with the file of keys or those of TLS, in one line.
    init(_ options: ServiceOptions) throws(ServiceError) {
        origins = Origins(options.corsOrigins)
        if let path = options.apiKeysFile { keys = try KeyStore(path: path) } else { keys = nil }
        tls = try TLSStore(options)
        wantsCertificate = options.tlsClientCAFile != nil
        keyRate = Self.rate(options.keyRateMax, burst: options.keyBurstMax)
        addressRate = Self.rate(options.addressRateMax, burst: options.addressBurstMax)
    }

    private static func rate(_ perSecond: Double, burst: Int) -> Rate? {
        guard perSecond > 0 else { return nil }
        return Rate(perSecond: perSecond, burst: burst > 0 ? burst : max(1, Int(perSecond.rounded(.up))))
    }

    /// A request that is not served: why, for the client and for the count.
    struct Denial: Error {
        var problem: Problem
        var reason: Metrics.Rejection
    }

    /// Whether nobody has to show who they are.
    var admitsEverybody: Bool { keys == nil && !wantsCertificate }

    /// Whether nothing but changes to models needs a look.
    var isPassive: Bool { keys == nil && addressRate == nil && origins == nil && !wantsCertificate }

    /// Notes in `head` whose key it bears.
    ///
    /// - Parameter ring: the keys; nil where none are configured.
    func check(_ head: RequestHead, _ requirement: Requirement, ring: KeyRing?, now: UInt64) throws(Denial) {
        if requirement == .nothing { return }
        if let addressRate {
            let wait = head.addressBucket.take(now: now, rate: addressRate)
            try Self.moderate(wait, addressRate, of: "your address", setting: "address-rate-max", .addressRate)
        }
        if wantsCertificate { try Self.checkCertificate(head) }
        guard case .key(let scope) = requirement else { return }
        guard let ring else {
            if scope == .admin { try Self.checkOrigin(head) }
            return
        }
        let place = try Self.place(of: head, in: ring)
        let key = ring.keys[place]
        head.principal = key.name
        if let keyRate {
            let wait = ring.buckets[place].take(now: now, rate: keyRate)
            try Self.moderate(wait, keyRate, of: "the key '\(key.name)'", setting: "key-rate-max", .keyRate)
        }
        guard key.scopes.contains(scope) else {
            throw Denial(
                problem: Problem(
                    403,
                    "this needs a key with the scope '\(scope.rawValue)'; the key '\(key.name)' has \(key.scopeList)",
                    challenge: "Bearer realm=\"made\", error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""),
                reason: .scope)
        }
    }

    /// Whoever watches the service has no certificate; so a connection comes about without one, and is of no other use.
    private static func checkCertificate(_ head: RequestHead) throws(Denial) {
        switch head.clientCertificate {
        case .valid(let subject): head.principal = subject
        case .none:
            throw Denial(
                problem: Problem(403, "this needs a client certificate, signed by one of those in tls-client-ca-file"),
                reason: .noCertificate)
        case .invalid(let reason):
            throw Denial(
                problem: Problem(403, "the client certificate does not count: \(reason)"), reason: .wrongCertificate)
        }
    }

    private static func place(of head: RequestHead, in ring: KeyRing) throws(Denial) -> Int {
        guard let presented = presentedKey(head) else {
            throw Denial(
                problem: Problem(
                    401, "this needs a key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'",
                    challenge: "Bearer realm=\"made\""),
                reason: .noKey)
        }
        guard let place = ring.place(of: presented) else {
            throw Denial(
                problem: Problem(
                    401, "the key is not one of this service's",
                    challenge: "Bearer realm=\"made\", error=\"invalid_token\""),
                reason: .wrongKey)
        }
        return place
    }

    /// `X-API-Key` before `Authorization`, which a mesh or proxy may have put there for itself.
    private static func presentedKey(_ head: RequestHead) -> ArraySlice<UInt8>? {
        if let key = head.headerBytes("X-API-Key") { return key }
        guard let field = head.headerBytes("Authorization") else { return nil }
        let scheme = "bearer ".utf8
        guard field.count > scheme.count, zip(field, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
        return field.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") }
    }

    private static func moderate(
        _ wait: UInt64?, _ rate: Rate, of whom: @autoclosure () -> String, setting: String, _ reason: Metrics.Rejection
    ) throws(Denial) {
        guard let wait else { return }
        let seconds = max(1, Int((Double(wait) * 1e-9).rounded(.up)))
        throw Denial(
            problem: Problem(
                429,
                "over the limit of \(Setting.plain(rate.perSecond)) requests a second, \(rate.burst) at once, of \(whom()) (\(setting))",
                retryAfter: seconds),
            reason: reason)
    }

    /// Without keys models are changed from this machine only: not by others that a proxy here speaks for, as far as it
    /// says so, and not by any page that a browser here happens to show.
    private static func checkOrigin(_ head: RequestHead) throws(Denial) {
        let passedOn = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"].contains { head.header($0) != nil }
        let isForeignPage = head.header("Origin").map { origin in
            !["localhost", "127.0.0.1", "[::1]"].contains(Origins.host(of: origin))
        }
        guard head.isFromLoopback, !passedOn, isForeignPage != true else {
            throw Denial(
                problem: Problem(
                    403,
                    "without keys models are loaded and unloaded from the service's own machine only; configure "
                        + "api-keys-file and send a key with the scope 'admin'"),
                reason: .notLocal)
        }
    }
}
