public import Foundation

/// A certificate authority of a test's own, made by the program `openssl`, in a folder that goes away with it.
public final class Certificates: Sendable {
    /// Whether there is an `openssl`.
    public static let canBeMade = (try? run(["version"], in: FileManager.default.temporaryDirectory)) != nil

    /// A certificate and its key, PEM.
    public struct Identity: Sendable {
        /// Path of the certificate.
        public let certificate: String
        /// Path of the key.
        public let key: String

        /// The text of the certificate.
        public var certificateBytes: [UInt8] { bytes(certificate) }
        /// The text of the key.
        public var keyBytes: [UInt8] { bytes(key) }

        private func bytes(_ path: String) -> [UInt8] {
            (try? Array(Data(contentsOf: URL(fileURLWithPath: path)))) ?? []
        }
    }

    /// The folder of all files.
    public let folder: URL
    /// The authority's own certificate.
    public let authority: Identity

    /// Makes the authority.
    public init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authority = Identity(
            certificate: folder.appendingPathComponent("ca.pem").path, key: folder.appendingPathComponent("ca.key").path
        )
        try Self.run(
            ["req", "-x509", "-subj", "/CN=authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"]
                + Self.newKey,
            in: folder)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A certificate of `name` for a server on this machine, or for a client.
    public func issue(_ name: String, forClient: Bool = false, days: Int = 2) throws -> Identity {
        let path = { (kind: String) in self.folder.appendingPathComponent("\(name).\(kind)").path }
        try Self.run(
            ["req", "-subj", "/CN=\(name)", "-keyout", path("key"), "-out", path("csr")] + Self.newKey, in: folder)
        let uses =
            forClient
            ? "extendedKeyUsage=clientAuth"
            : "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1"
        try uses.write(toFile: path("ext"), atomically: true, encoding: .utf8)
        try Self.run(
            [
                "x509", "-req", "-in", path("csr"), "-CA", authority.certificate, "-CAkey", authority.key,
                "-set_serial", "\(UInt32.random(in: 1...(.max)))", "-days", "\(days)", "-extfile", path("ext"), "-out",
                path("pem"),
            ], in: folder)
        return Identity(certificate: path("pem"), key: path("key"))
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    /// Runs `openssl`.
    @discardableResult
    public static func run(_ arguments: [String], in folder: URL) throws -> String {
        let (status, text) = try runCommand(["openssl"] + arguments, in: folder)
        guard status == 0 else { throw OpenSSLError(text: text) }
        return text
    }
}

/// What `openssl` said when it failed.
public struct OpenSSLError: Error {
    /// Its words.
    public let text: String
}
