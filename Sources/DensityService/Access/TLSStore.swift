internal import Logging
internal import Microhttpd
internal import Synchronization

/// The certificate of the service, read again on demand. Connections keep the one that they began with.
final class TLSStore: Sendable {
    private let certificateFile: String
    private let keyFile: String
    private let clientAuthoritiesFile: String?
    private let current: Mutex<TLSIdentity>

    /// Nil where the service speaks plain HTTP.
    ///
    /// - Throws: the file that cannot be used and why, in one line, or the setting that is missing.
    init?(_ options: ServiceOptions) throws(ServiceError) {
        switch (options.tlsCertificateFile, options.tlsKeyFile) {
        case (nil, nil):
            if options.tlsClientCAFile != nil { throw ServiceError("tls-client-ca-file needs tls-certificate-file") }
            return nil
        case (let certificate?, let key?):
            certificateFile = certificate
            keyFile = key
        case (nil, _): throw ServiceError("tls-key-file needs tls-certificate-file")
        case (_, nil): throw ServiceError("tls-certificate-file needs tls-key-file")
        }
        clientAuthoritiesFile = options.tlsClientCAFile
        current = Mutex(
            try Self.read(certificate: certificateFile, key: keyFile, clientAuthorities: clientAuthoritiesFile))
    }

    /// What new connections get.
    var identity: TLSIdentity { current.withLock { $0 } }

    /// Reads the files again, and says in the log what came of it; where they cannot be used the old ones stay.
    func reload(_ logger: Logger) {
        do throws(ServiceError) {
            let identity = try Self.read(
                certificate: certificateFile, key: keyFile, clientAuthorities: clientAuthoritiesFile)
            current.withLock { $0 = identity }
            note("TLS certificate reloaded", logger)
        } catch {
            logger.error("TLS certificate not reloaded, the old one stays", metadata: ["reason": "\(error)"])
        }
    }

    /// Says in the log until when the certificate holds.
    func note(_ event: String, _ logger: Logger) {
        let expiry = identity.expirySeconds
        let isOver = UInt64(max(0, expiry)) < wallNanoseconds() / 1_000_000_000
        logger.log(
            level: isOver ? .error : .info, isOver ? "\(event), but it has expired" : "\(event)",
            metadata: ["file": "\(certificateFile)", "until": "\(timestamp(seconds: UInt64(max(0, expiry))))Z"])
    }

    private static func read(
        certificate: String, key: String, clientAuthorities: String?
    ) throws(ServiceError) -> TLSIdentity {
        let certificateText = try ConfigurationFile.contents(of: certificate)
        let keyText = try ConfigurationFile.contents(of: key)
        var authoritiesText: String?
        if let clientAuthorities { authoritiesText = try ConfigurationFile.contents(of: clientAuthorities) }
        do {
            return try TLSIdentity(
                certificate: Array(certificateText.utf8), key: Array(keyText.utf8),
                clientAuthorities: authoritiesText.map { Array($0.utf8) })
        } catch {
            let file =
                switch error {
                case .certificate: certificate
                case .key: key
                case .clientAuthorities: clientAuthorities ?? ""
                }
            throw ServiceError("\(file): \(error)")
        }
    }
}
