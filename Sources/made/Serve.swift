internal import ArgumentParser
internal import DensityService
internal import Glibc

/// `made serve`: the HTTP service.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP.",
        discussion: """
            The first line on standard output is 'listening on http(s)://HOST:PORT', once requests are answered; log lines go to
            standard error. SIGTERM and SIGINT answer what was accepted, then end; with --shutdown-delay-seconds they first
            say on /readyz that the end comes, and a second one cuts that short. SIGHUP reads the files of models, keys and
            certificates again.
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
        let groups: [any ParsableArguments] = [listening, access, modelFlags, work, log]
        var flags = groups.reduce(into: [:]) { flags, group in
            flags.merge(settings(of: group).mapValues { [$0] }) { first, _ in first }
        }
        if log.quiet, flags["log-level"] == nil { flags["log-level"] = ["warning"] }
        if !models.isEmpty { flags["models"] = models }
        return flags
    }

    func run() throws {
        let configuration = try self.configuration()
        if printConfig { return try Output.print(configuration.document, terminator: "") }
        let options = configuration.options
        let paths = try options.models.isEmpty ? DefaultModels.paths() : options.models
        // The signals are caught before anything listens: none that comes from then on is lost.
        let signals = ServeSignals(delaysStop: options.shutdownDelaySeconds > 0)
        let service = try Service(models: paths, options: options)
        if let remark = configuration.remark { service.note(remark) }
        signals.onHangUp { service.refresh() }
        service.start()
        defer { service.stop() }
        announce(service)
        signals.waitForStop()
        guard options.shutdownDelaySeconds > 0 else { return }
        service.drain()
        signals.waitForSecondStop(seconds: options.shutdownDelaySeconds)
    }

    /// Says where it listens. Whoever started it may not read that, or no more: it serves all the same.
    private func announce(_ service: Service) {
        do throws(Output.Failure) {
            try Output.print("listening on \(service.url)")
        } catch {
            service.warn("\(error); listening on \(service.url)")
        }
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
