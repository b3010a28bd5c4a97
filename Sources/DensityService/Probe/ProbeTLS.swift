internal import CGnuTLS
internal import Glibc

/// How a probe makes sure whom it talks to.
public enum ProbeTrust: Sendable {
    /// By the authorities that this machine trusts.
    case system
    /// By those of a PEM file, or by the very certificate of the service.
    case file(String)
    /// Not at all.
    case anybody
}

/// A client's side of TLS over a connected socket that has time-outs of its own.
final class ProbeTLS {
    private var session: gnutls_session_t?
    private var credentials: gnutls_certificate_credentials_t?
    /// GnuTLS keeps the pointer for as long as the session lives.
    private let host: UnsafeMutablePointer<CChar>?

    /// A refusal, in one line.
    struct Failure: Error {
        var reason: String
    }

    /// Shakes hands with `host`, which the certificate must be of unless `trust` is in anybody.
    init(socket: Int32, host: String, trust: ProbeTrust) throws(Failure) {
        self.host = strdup(host)
        gnutls_certificate_allocate_credentials(&credentials)
        // As libmicrohttpd does: a server that goes away is no reason to die.
        gnutls_init(&session, UInt32(GNUTLS_CLIENT.rawValue) | UInt32(GNUTLS_NO_SIGNAL.rawValue))
        guard let session, let credentials else { throw Failure(reason: "memory is short") }
        switch trust {
        case .system: gnutls_certificate_set_x509_system_trust(credentials)
        case .file(let path):
            let count = gnutls_certificate_set_x509_trust_file(credentials, path, GNUTLS_X509_FMT_PEM)
            guard count > 0 else {
                throw Failure(reason: "\(path): \(count == 0 ? "holds no certificate" : Self.text(count))")
            }
        case .anybody: break
        }
        gnutls_set_default_priority(session)
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials))
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, host.utf8.count)
        if case .anybody = trust {} else { gnutls_session_set_verify_cert(session, self.host, 0) }
        gnutls_transport_set_int2(session, socket, socket)
        let status = gnutls_handshake(session)
        if status == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR {
            throw Failure(reason: "the certificate does not count: \(Self.verdict(session))")
        }
        if status < 0 { throw Failure(reason: "TLS did not come about: \(Self.text(status))") }
    }

    deinit {
        if let session { gnutls_deinit(session) }
        if let credentials { gnutls_certificate_free_credentials(credentials) }
        free(host)
    }

    func send(_ bytes: [UInt8]) -> Int { Int(gnutls_record_send(session, bytes, bytes.count)) }

    func receive(_ buffer: inout [UInt8]) -> Int { Int(gnutls_record_recv(session, &buffer, buffer.count)) }

    private static func text(_ status: Int32) -> String { String(cString: gnutls_strerror(status)) }

    private static func verdict(_ session: gnutls_session_t) -> String {
        var text = gnutls_datum_t()
        let status = gnutls_session_get_verify_cert_status(session)
        guard gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0, let data = text.data
        else { return "it is not trusted" }
        defer { cgnutls_free(data) }
        return String(decoding: UnsafeBufferPointer(start: data, count: Int(text.size)), as: UTF8.self)
            .split(separator: " ").joined(separator: " ")
    }
}
