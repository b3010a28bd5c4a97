internal import Microhttpd

extension ServiceOptions {
    static let accessSettings = [
        Setting.file(
            "api-keys-file", .access, \.apiKeysFile,
            "File of API keys, a line each: NAME SCOPES SHA256, where SCOPES are some of score, admin and metrics with commas "
                + "between them, and SHA256 is that of the key. Read again on SIGHUP. None: everybody may ask everything, but "
                + "only from this machine may models be loaded and unloaded."),
        .file(
            "tls-certificate-file", .access, \.tlsCertificateFile,
            "PEM file of the certificate, and of those that lead to an authority that clients know: makes the service HTTPS, "
                + "with TLS 1.2 or 1.3. Read again on SIGHUP, for new connections. None: plain HTTP."),
        .file("tls-key-file", .access, \.tlsKeyFile, "PEM file of the certificate's key, not encrypted."),
        .file(
            "tls-client-ca-file", .access, \.tlsClientCAFile,
            "PEM file of the authorities that sign clients' certificates (mutual TLS): who has none is answered 403 but by "
                + "/livez, /readyz, /health, /ping and /v2/health. None: clients need no certificate."),
        .amount(
            "key-rate-max", .access, \.keyRateMax, upTo: 1e9,
            "Requests a second of one API key, on average; over it they are answered 429. 0 is no limit."),
        .whole(
            "key-burst-max", .access, \.keyBurstMax, 0...1_000_000_000,
            "Requests at once of one API key, after a rest. 0 is what key-rate-max lets through in a second."),
        .amount(
            "address-rate-max", .access, \.addressRateMax, upTo: 1e9,
            "Requests a second of one client address (of IPv6: of one /64), on average; over it they are answered 429. "
                + "All clients of a proxy have its address. 0 is no limit."),
        .whole(
            "address-burst-max", .access, \.addressBurstMax, 0...1_000_000_000,
            "Requests at once of one client address, after a rest. 0 is what address-rate-max lets through in a second."
        ),
        Setting(
            name: "cors-origins", group: .access,
            help:
                "Origins of web pages whose scripts may read answers (CORS), or * for all. None: only the pages of this "
                + "service.",
            form: .words, takes: "origins with commas between them, such as https://app.example, or *",
            texts: { $0.corsOrigins },
            apply: { options, texts in
                options.corsOrigins = texts.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
                    .map { String($0).trimmed() }
                return options.corsOrigins.allSatisfy { $0 == "*" || Origins.isOrigin($0) }
            }),
    ]
}

extension ServiceOptions {
    /// The setting that moves a limit of the HTTP layer.
    static func setting(of reason: Refusal.Reason) -> String? {
        switch reason {
        case .headTooSlow: "head-seconds-max"
        case .bodyTooSlow: "body-seconds-max"
        case .bodyTooLarge(_, let isStreamed): isStreamed ? "bulk-bytes-max" : "body-bytes-max"
        case .uriTooLong: "uri-bytes-max"
        case .headerFieldsTooLarge: "header-bytes-max, header-fields-max"
        default: nil
        }
    }
}
