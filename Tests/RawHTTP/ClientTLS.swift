internal import CGnuTLS
internal import Glibc

/// How a client speaks TLS.
public struct TLSOptions: Sendable {
    /// PEM file of the authority that the server's certificate must be of.
    public var authority: String
    /// The client's own certificate.
    public var identity: Certificates.Identity?
    /// The newest version spoken, as GnuTLS names it.
    public var version = "TLS1.3"

    /// Trusts `authority`.
    public init(authority: Certificates, identity: Certificates.Identity? = nil, version: String = "TLS1.3") {
        self.authority = authority.authority.certificate
        self.identity = identity
        self.version = version
    }
}

/// A handshake that failed; GnuTLS's word for it.
public struct TLSFailure: Error {
    /// The reason.
    public let reason: String
}

/// The client's side of TLS over a connected socket.
final class ClientTLS {
    private var session: gnutls_session_t?
    private var credentials: gnutls_certificate_credentials_t?
    /// GnuTLS keeps the pointer.
    private let host = strdup("localhost")

    init(socket: Int32, options: TLSOptions) throws {
        gnutls_certificate_allocate_credentials(&credentials)
        gnutls_init(&session, UInt32(GNUTLS_CLIENT.rawValue) | UInt32(GNUTLS_NO_SIGNAL.rawValue))
        guard let session, let credentials else { throw TLSFailure(reason: "no memory") }
        guard gnutls_certificate_set_x509_trust_file(credentials, options.authority, GNUTLS_X509_FMT_PEM) == 1 else {
            throw TLSFailure(reason: "\(options.authority) cannot be read")
        }
        if let identity = options.identity {
            gnutls_certificate_set_x509_key_file(
                credentials, identity.certificate, identity.key, GNUTLS_X509_FMT_PEM)
        }
        gnutls_priority_set_direct(session, "NORMAL:-VERS-ALL:+VERS-\(options.version)", nil)
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials))
        gnutls_session_set_verify_cert(session, host, 0)
        gnutls_transport_set_int2(session, socket, socket)
        let status = gnutls_handshake(session)
        if status < 0 {
            // What is wrong with the server's certificate, as the bits of gnutls_certificate_status_t.
            let verdict = String(gnutls_session_get_verify_cert_status(session), radix: 16)
            throw TLSFailure(reason: "\(String(cString: gnutls_strerror(status))) \(verdict)")
        }
    }

    deinit {
        if let session { gnutls_deinit(session) }
        if let credentials { gnutls_certificate_free_credentials(credentials) }
        free(host)
    }

    /// The server's certificate, DER.
    var peerCertificate: [UInt8] {
        var count: UInt32 = 0
        guard let session, let chain = gnutls_certificate_get_peers(session, &count), count > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: chain[0].data, count: Int(chain[0].size)))
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Int { gnutls_record_send(session, bytes.baseAddress, bytes.count) }

    func receive(_ buffer: inout [UInt8]) -> Int {
        while true {
            let count = gnutls_record_recv(session, &buffer, buffer.count)
            // A new session ticket is not for us; a time-out of the socket is.
            if count == Int(GNUTLS_E_INTERRUPTED) { continue }
            return count
        }
    }

    func finishSending() { gnutls_bye(session, GNUTLS_SHUT_WR) }
}
