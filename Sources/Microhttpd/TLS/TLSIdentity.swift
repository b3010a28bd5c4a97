internal import CGnuTLS
internal import Glibc

/// Why a certificate, a key or the authorities of client certificates cannot be used. `description` names none of their
/// contents.
public enum TLSError: Error, Equatable, CustomStringConvertible {
    /// The certificate; the reason.
    case certificate(String)
    /// The private key; the reason.
    case key(String)
    /// The certificates of those who sign clients' certificates; the reason.
    case clientAuthorities(String)

    /// The reason, without a name for the file.
    public var description: String {
        switch self {
        case .certificate(let reason), .key(let reason), .clientAuthorities(let reason): reason
        }
    }
}

/// Who a server is to its clients, and whom it asks its clients to be. It may be shared by any number of servers and
/// connections.
///
/// `@unchecked Sendable`: GnuTLS reads credentials but does not write them once sessions use them (its manual, section
/// "Thread safety"), and nothing here writes them after `init`.
public final class TLSIdentity: @unchecked Sendable {
    /// TLS 1.2 and 1.3 alone, and only what keeps recorded traffic secret should the key become known one day.
    static let priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"

    let credentials: gnutls_certificate_credentials_t
    /// Whether clients are asked for a certificate. A connection comes about without one, too: `RequestHead` tells what
    /// the client has shown.
    public let asksForClientCertificate: Bool
    /// When the certificate ends, seconds since 1970.
    public let expirySeconds: Int

    /// - Parameters:
    ///   - certificate: PEM; the server's own first, then those that lead to an authority that clients know.
    ///   - key: PEM, of the first certificate; not encrypted.
    ///   - clientAuthorities: PEM; those who may have signed clients' certificates. Nil: clients are not asked.
    /// - Throws: what cannot be used.
    public init(certificate: [UInt8], key: [UInt8], clientAuthorities: [UInt8]? = nil) throws(TLSError) {
        // Before the credentials: what is thrown until all properties have values would not free them.
        expirySeconds = try Self.expirySeconds(of: certificate)
        try Self.check(key: key)
        var allocated: gnutls_certificate_credentials_t?
        guard gnutls_certificate_allocate_credentials(&allocated) == 0, let credentials = allocated else {
            throw TLSError.certificate("memory is short")
        }
        self.credentials = credentials
        asksForClientCertificate = clientAuthorities != nil
        let status = withDatum(certificate) { certificate in
            withDatum(key) { key in
                gnutls_certificate_set_x509_key_mem2(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM, nil, 0)
            }
        }
        if status < 0 { throw TLSError.key(reason(status)) }
        if let clientAuthorities {
            let count = withDatum(clientAuthorities) {
                gnutls_certificate_set_x509_trust_mem(credentials, &$0, GNUTLS_X509_FMT_PEM)
            }
            guard count > 0 else {
                throw TLSError.clientAuthorities(count == 0 ? "no certificate in PEM form" : reason(count))
            }
        }
    }

    deinit { gnutls_certificate_free_credentials(credentials) }

    private static func expirySeconds(of certificate: [UInt8]) throws(TLSError) -> Int {
        var list: UnsafeMutablePointer<gnutls_x509_crt_t?>?
        var count: UInt32 = 0
        let status = withDatum(certificate) {
            gnutls_x509_crt_list_import2(&list, &count, &$0, GNUTLS_X509_FMT_PEM, 0)
        }
        guard status >= 0, let list, count > 0 else { throw TLSError.certificate(reason(status)) }
        defer {
            for index in 0..<Int(count) { gnutls_x509_crt_deinit(list[index]) }
            cgnutls_free(list)
        }
        return gnutls_x509_crt_get_expiration_time(list[0])
    }

    private static func check(key: [UInt8]) throws(TLSError) {
        var parsed: gnutls_x509_privkey_t?
        guard gnutls_x509_privkey_init(&parsed) == 0 else { throw TLSError.key("memory is short") }
        defer { gnutls_x509_privkey_deinit(parsed) }
        let status = withDatum(key) { gnutls_x509_privkey_import2(parsed, &$0, GNUTLS_X509_FMT_PEM, nil, 0) }
        if status < 0 { throw TLSError.key(reason(status)) }
    }
}

private func reason(_ status: Int32) -> String {
    switch status {
    case GNUTLS_E_NO_CERTIFICATE_FOUND: "no certificate in PEM form"
    case GNUTLS_E_BASE64_DECODING_ERROR, GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR,
        GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
        "not in PEM form"
    case GNUTLS_E_CERTIFICATE_KEY_MISMATCH: "not the key of the certificate"
    case GNUTLS_E_DECRYPTION_FAILED: "the key is encrypted; 'openssl pkey' takes its password away"
    default: String(cString: gnutls_strerror(status))
    }
}

private func withDatum<Result>(_ bytes: [UInt8], _ use: (inout gnutls_datum_t) -> Result) -> Result {
    var bytes = bytes
    return bytes.withUnsafeMutableBufferPointer {
        var datum = gnutls_datum_t(data: $0.baseAddress, size: UInt32($0.count))
        return use(&datum)
    }
}
