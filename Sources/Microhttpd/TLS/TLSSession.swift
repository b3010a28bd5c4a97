internal import CGnuTLS
internal import CMicrohttpdShim
internal import Glibc

/// What a client has shown of who it is.
public enum ClientCertificate: Sendable, Equatable {
    /// Nothing, or nobody asked.
    case none
    /// A certificate that does not count; why.
    case invalid(reason: String)
    /// One that an authority has signed for clients, and that holds now; whose it is, as RFC 4514 writes it.
    case valid(subject: String)
}

/// TLS on one connection; the loop's thread only. libmicrohttpd owns the session and frees it just before it tells that
/// the connection is closed.
final class TLSSession {
    private let session: gnutls_session_t
    /// Lives as long as the session, which reads its credentials.
    private let identity: TLSIdentity
    /// Whether the handshake is done.
    private(set) var isEstablished = false
    private var knownCertificate: ClientCertificate?

    /// Gives a new session its credentials; nil for plain HTTP.
    init?(of handle: OpaquePointer, identity: TLSIdentity) {
        guard let pointer = mhd_shim_tls_session(handle) else { return nil }
        session = OpaquePointer(pointer)
        self.identity = identity
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(identity.credentials))
        if identity.asksForClientCertificate { gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST) }
    }

    /// Looks whether the handshake is done by now.
    func noteProgress() {
        // It has no description before.
        guard !isEstablished, let description = gnutls_session_get_desc(session) else { return }
        cgnutls_free(description)
        isEstablished = true
    }

    /// Whether the handshake waits for room to write, not for the client.
    var waitsToWrite: Bool { gnutls_record_get_direction(session) == 1 }

    /// Bytes of the client that are decrypted, but not read.
    var pendingByteCount: Int { isEstablished ? gnutls_record_check_pending(session) : 0 }

    /// Sends what fits into the system's buffers, and says that nothing follows.
    func sendLast(_ bytes: [UInt8]) {
        guard isEstablished else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { gnutls_record_send(session, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
        gnutls_bye(session, GNUTLS_SHUT_WR)
    }

    /// Verified once.
    var clientCertificate: ClientCertificate {
        if let knownCertificate { return knownCertificate }
        let certificate = identity.asksForClientCertificate ? verifiedCertificate() : .none
        knownCertificate = certificate
        return certificate
    }

    private func verifiedCertificate() -> ClientCertificate {
        var count: UInt32 = 0
        guard let chain = gnutls_certificate_get_peers(session, &count), count > 0 else { return .none }
        var status: UInt32 = 0
        let result = "1.3.6.1.5.5.7.3.2".withCString { clientPurpose in
            var purpose = gnutls_typed_vdata_st()
            purpose.type = GNUTLS_DT_KEY_PURPOSE_OID
            purpose.data = UnsafeMutablePointer(
                mutating: UnsafeRawPointer(clientPurpose).assumingMemoryBound(to: UInt8.self))
            return gnutls_certificate_verify_peers(session, &purpose, 1, &status)
        }
        guard result == 0 else { return .invalid(reason: String(cString: gnutls_strerror(result))) }
        guard status == 0 else { return .invalid(reason: Self.reason(status)) }
        return .valid(subject: Self.subject(of: chain[0]))
    }

    private static func reason(_ status: UInt32) -> String {
        var text = gnutls_datum_t()
        guard gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0, let data = text.data
        else { return "it is not trusted" }
        defer { cgnutls_free(data) }
        return String(decoding: UnsafeBufferPointer(start: data, count: Int(text.size)), as: UTF8.self)
            .split(separator: " ").joined(separator: " ")
    }

    private static func subject(of certificate: gnutls_datum_t) -> String {
        var parsed: gnutls_x509_crt_t?
        guard gnutls_x509_crt_init(&parsed) == 0 else { return "" }
        defer { gnutls_x509_crt_deinit(parsed) }
        var certificate = certificate
        var text = gnutls_datum_t()
        guard gnutls_x509_crt_import(parsed, &certificate, GNUTLS_X509_FMT_DER) == 0,
            gnutls_x509_crt_get_dn3(parsed, &text, 0) == 0, let data = text.data
        else { return "" }
        defer { cgnutls_free(data) }
        return String(decoding: UnsafeBufferPointer(start: data, count: Int(text.size)), as: UTF8.self)
    }
}
