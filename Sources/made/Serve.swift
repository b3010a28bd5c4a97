internal import ArgumentParser
internal import DensityService
internal import Dispatch
internal import Glibc

/// `made serve`: the HTTP service.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP.",
        discussion: """
            The first line on standard output is 'listening on http://HOST:PORT', once requests are answered; log lines go to
            standard error. SIGTERM and SIGINT answer what was accepted, then end.
            Each option may also be given by its environment variable, such as MADE_QUEUE_ROWS_MAX; a flag wins.
            """)

    @Argument(help: "Checkpoints, PyTorch state dicts in safetensors form, or folders of them. Default: config/models.")
    var models: [String] = []

    @OptionGroup(title: "Listening") var listening: ListeningFlags
    @OptionGroup(title: "Models") var modelFlags: ModelFlags
    @OptionGroup(title: "Work") var work: WorkFlags

    @Option(help: "Least level of log lines: trace, debug, info (a line a request), notice, warning, error.")
    var logLevel: String?
    @Flag(name: .shortAndLong, help: "No line a request: as --log-level warning.")
    var quiet = false

    /// The flags that were given, by setting name.
    private var flags: [String: String] {
        var flags = listening.flags.merging(modelFlags.flags) { first, _ in first }
        flags.merge(work.flags) { first, _ in first }
        flags["log-level"] = logLevel ?? (quiet ? "warning" : nil)
        return flags
    }

    func run() throws {
        let options = try self.options()
        let paths = try models.isEmpty ? [BundledModels.directory()] : models
        // The signals are caught before anything listens: none that comes from then on is lost.
        let stop = StopSignal()
        let service = try Service(models: paths, options: options)
        service.start()
        print("listening on \(service.url)")
        fflush(nil)
        stop.wait()
        service.stop()
    }

    /// - Throws: `ValidationError`, for status 2: a value that cannot be is wrong usage.
    private func options() throws -> ServiceOptions {
        do {
            return try ServiceOptions(flags: flags, environment: Self.environment())
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

/// SIGTERM and SIGINT: the first asks for an orderly stop, the second ends at once.
private final class StopSignal {
    private let asked = DispatchSemaphore(value: 0)
    private let sources: [any DispatchSourceSignal]

    /// Returns when the signals are caught.
    init() {
        let queue = DispatchQueue(label: "made.signals")
        let registered = DispatchSemaphore(value: 0)
        let asked = asked
        // Touched on `queue` only.
        nonisolated(unsafe) var count = 0
        sources = [SIGTERM, SIGINT].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setRegistrationHandler { registered.signal() }
            source.setEventHandler {
                count += 1
                if count > 1 { _exit(1) }
                asked.signal()
            }
            source.resume()
            return source
        }
        for _ in sources { registered.wait() }
    }

    func wait() { asked.wait() }
}

struct ListeningFlags: ParsableArguments {
    @Option(help: "Address to listen on. Default: 127.0.0.1.")
    var host: String?
    @Option(help: "TCP port; 0 picks a free one. Default: 8080.")
    var port: String?
    @Option(help: "Open connections at most. Default: 1024.")
    var connectionsMax: String?
    @Option(help: "Bytes of a request's body at most. Default: 64 MiB.")
    var bodyBytesMax: String?
    @Option(help: "Bytes of a body of NDJSON or CSV at most. Default: 1 TiB.")
    var bulkBytesMax: String?
    @Option(help: "Bytes of the answer to such a body at most; it is held in memory. Default: 1 GiB.")
    var bulkAnswerBytesMax: String?
    @Option(help: "Seconds for a request's head. Default: 10.")
    var headSecondsMax: String?
    @Option(help: "Seconds for a request's body. Default: 60.")
    var bodySecondsMax: String?
    @Option(help: "Seconds between two requests of a connection. Default: 60.")
    var idleSecondsMax: String?
    @Option(help: "Seconds that a stop may take. Default: 7.")
    var graceSeconds: String?

    var flags: [String: String] {
        [
            "host": host, "port": port, "connections-max": connectionsMax, "body-bytes-max": bodyBytesMax,
            "bulk-bytes-max": bulkBytesMax, "bulk-answer-bytes-max": bulkAnswerBytesMax,
            "head-seconds-max": headSecondsMax, "body-seconds-max": bodySecondsMax, "idle-seconds-max": idleSecondsMax,
            "grace-seconds": graceSeconds,
        ].compactMapValues { $0 }
    }
}

struct ModelFlags: ParsableArguments {
    @Option(help: "The model of requests that name none. Default: the only one, or the bundled nltcs.")
    var defaultModel: String?
    @Option(help: "Share of normal rows that may be called anomalies. Default: 0.01.")
    var alpha: String?
    @Option(help: "Activation of PyTorch state dicts, which do not hold it: relu, elu, tanh or sigmoid.")
    var activation: String?
    @Option(help: "Rows of one request for samples at most. Default: 100000.")
    var sampleRowsMax: String?

    var flags: [String: String] {
        [
            "default-model": defaultModel, "alpha": alpha, "activation": activation, "sample-rows-max": sampleRowsMax,
        ].compactMapValues { $0 }
    }
}

struct WorkFlags: ParsableArguments {
    @Option(help: "Event loops. Default: one a core, at most two.")
    var loops: String?
    @Option(help: "Workers a model. Default: one a core.")
    var workers: String?
    @Option(help: "Microseconds of scoring that an event loop does itself in one turn. Default: 200.")
    var inlineBudget: String?
    @Option(help: "Rows of one batch of a queue. Default: 256.")
    var batchRowsMax: String?
    @Option(help: "Microseconds that an idle queue waits for a batch to fill. Default: 0.")
    var delayMax: String?
    @Option(help: "Rows that may wait for one model, and rows of one request. Default: 131072.")
    var queueRowsMax: String?

    var flags: [String: String] {
        [
            "loops": loops, "workers": workers, "inline-budget": inlineBudget, "batch-rows-max": batchRowsMax,
            "delay-max": delayMax, "queue-rows-max": queueRowsMax,
        ].compactMapValues { $0 }
    }
}
