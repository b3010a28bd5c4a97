internal import ArgumentParser
internal import DensityService
internal import Glibc

/// `made serve`: the HTTP service.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP.",
        discussion: """
            The first line on standard output is 'listening on http(s)://HOST:PORT', once requests are answered; log lines go to
            standard error. SIGTERM and SIGINT answer what was accepted, then end. SIGHUP reads the files of models, keys
            and certificates again.
            Each option may also be given by its environment variable, such as MADE_QUEUE_ROWS_MAX, or by a key of a YAML
            file, such as queue-rows-max: a flag wins over the environment, and that over the file.
            """)

    @Argument(help: .setting("models")) var models: [String] = []

    @OptionGroup(title: "Listening") var listening: ListeningFlags
    @OptionGroup(title: "Access") var access: AccessFlags
    @OptionGroup(title: "Models") var modelFlags: ModelFlags
    @OptionGroup(title: "Work") var work: WorkFlags

    @OptionGroup(title: "Log") var log: LogFlags

    @Option(help: "File of settings, in YAML. Default: MADE_CONFIG, or config/made.yaml where it exists.")
    var config: String?
    @Flag(help: "Show every setting and where its value comes from, then end.")
    var printConfig = false

    /// The flags that were given, by setting name.
    private var flags: [String: [String]] {
        var flags = listening.flags
        for more in [access.flags, modelFlags.flags, work.flags, log.flags] { flags.merge(more) { first, _ in first } }
        var lists = flags.compactMapValues { $0.map { [$0] } }
        if !models.isEmpty { lists["models"] = models }
        return lists
    }

    func run() throws {
        let configuration = try self.configuration()
        if printConfig { return try Output.print(configuration.document, terminator: "") }
        let options = configuration.options
        let paths = try options.models.isEmpty ? [BundledModels.directory()] : options.models
        // The signals are caught before anything listens: none that comes from then on is lost.
        let signals = ServeSignals()
        let service = try Service(models: paths, options: options)
        signals.onHangUp { service.refresh() }
        service.start()
        defer { service.stop() }
        try Output.print("listening on \(service.url)")
        signals.waitForStop()
    }

    /// - Throws: `ValidationError`, for status 2: a value that cannot be is wrong usage.
    private func configuration() throws -> Configuration {
        do {
            let environment = Self.environment()
            let file = try ConfigurationFile.read(config ?? environment[Configuration.fileVariable])
            return try Configuration(flags: flags, environment: environment, file: file)
        } catch {
            throw ValidationError(error.description)
        }
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let mark = text.firstIndex(of: "=") {
                variables[String(text[..<mark])] = String(text[mark...].dropFirst())
            }
            next += 1
        }
        return variables
    }
}

struct ListeningFlags: ParsableArguments {
    @Option(help: .setting("host")) var host: String?
    @Option(help: .setting("port")) var port: String?
    @Option(help: .setting("connections-max")) var connectionsMax: String?
    @Option(help: .setting("address-connections-max")) var addressConnectionsMax: String?
    @Option(help: .setting("uri-bytes-max")) var uriBytesMax: String?
    @Option(help: .setting("header-bytes-max")) var headerBytesMax: String?
    @Option(help: .setting("header-fields-max")) var headerFieldsMax: String?
    @Option(help: .setting("body-bytes-max")) var bodyBytesMax: String?
    @Option(help: .setting("bulk-bytes-max")) var bulkBytesMax: String?
    @Option(help: .setting("bulk-answer-bytes-max")) var bulkAnswerBytesMax: String?
    @Option(help: .setting("head-seconds-max")) var headSecondsMax: String?
    @Option(help: .setting("body-seconds-max")) var bodySecondsMax: String?
    @Option(help: .setting("idle-seconds-max")) var idleSecondsMax: String?
    @Option(help: .setting("grace-seconds")) var graceSeconds: String?

    var flags: [String: String?] {
        [
            "host": host, "port": port, "connections-max": connectionsMax,
            "address-connections-max": addressConnectionsMax, "uri-bytes-max": uriBytesMax,
            "header-bytes-max": headerBytesMax, "header-fields-max": headerFieldsMax, "body-bytes-max": bodyBytesMax,
            "bulk-bytes-max": bulkBytesMax, "bulk-answer-bytes-max": bulkAnswerBytesMax,
            "head-seconds-max": headSecondsMax, "body-seconds-max": bodySecondsMax,
            "idle-seconds-max": idleSecondsMax, "grace-seconds": graceSeconds,
        ]
    }
}

struct AccessFlags: ParsableArguments {
    @Option(help: .setting("api-keys-file")) var apiKeysFile: String?
    @Option(help: .setting("tls-certificate-file")) var tlsCertificateFile: String?
    @Option(help: .setting("tls-key-file")) var tlsKeyFile: String?
    @Option(help: .setting("tls-client-ca-file")) var tlsClientCAFile: String?
    @Option(help: .setting("key-rate-max")) var keyRateMax: String?
    @Option(help: .setting("key-burst-max")) var keyBurstMax: String?
    @Option(help: .setting("address-rate-max")) var addressRateMax: String?
    @Option(help: .setting("address-burst-max")) var addressBurstMax: String?
    @Option(help: .setting("cors-origins")) var corsOrigins: String?

    var flags: [String: String?] {
        [
            "api-keys-file": apiKeysFile, "tls-certificate-file": tlsCertificateFile, "tls-key-file": tlsKeyFile,
            "tls-client-ca-file": tlsClientCAFile, "key-rate-max": keyRateMax, "key-burst-max": keyBurstMax,
            "address-rate-max": addressRateMax, "address-burst-max": addressBurstMax, "cors-origins": corsOrigins,
        ]
    }
}

struct ModelFlags: ParsableArguments {
    @Option(help: .setting("watch-models")) var watchModels: String?
    @Option(help: .setting("default-model")) var defaultModel: String?
    @Option(help: .setting("alpha")) var alpha: String?
    @Option(help: .setting("activation")) var activation: String?
    @Option(help: .setting("weights")) var weights: String?
    @Option(help: .setting("sample-rows-max")) var sampleRowsMax: String?
    @Option(help: .setting("drift-rows")) var driftRows: String?

    var flags: [String: String?] {
        [
            "watch-models": watchModels, "default-model": defaultModel, "alpha": alpha, "activation": activation,
            "weights": weights,
            "sample-rows-max": sampleRowsMax, "drift-rows": driftRows,
        ]
    }
}

struct WorkFlags: ParsableArguments {
    @Option(help: .setting("loops")) var loops: String?
    @Option(help: .setting("workers")) var workers: String?
    @Option(help: .setting("inline-budget")) var inlineBudget: String?
    @Option(help: .setting("batch-rows-max")) var batchRowsMax: String?
    @Option(help: .setting("delay-max")) var delayMax: String?
    @Option(help: .setting("queue-milliseconds-max")) var queueMillisecondsMax: String?
    @Option(help: .setting("queue-rows-max")) var queueRowsMax: String?

    var flags: [String: String?] {
        [
            "loops": loops, "workers": workers, "inline-budget": inlineBudget, "batch-rows-max": batchRowsMax,
            "delay-max": delayMax, "queue-milliseconds-max": queueMillisecondsMax,
            "queue-rows-max": queueRowsMax,
        ]
    }
}

struct LogFlags: ParsableArguments {
    @Option(help: .setting("log-level")) var logLevel: String?
    @Option(help: .setting("log-format")) var logFormat: String?
    @Flag(name: .shortAndLong, help: "No line a request: as --log-level warning.")
    var quiet = false

    var flags: [String: String?] {
        ["log-level": logLevel ?? (quiet ? "warning" : nil), "log-format": logFormat]
    }
}

extension ArgumentHelp {
    /// The documentation of a setting.
    fileprivate static func setting(_ name: String) -> ArgumentHelp {
        ArgumentHelp(stringLiteral: Setting.named(name).documentation)
    }
}
