public import Logging
public import MADE
internal import Microhttpd

/// How the service is run. Every value has a flag of `made serve` and an environment variable: `port` is `--port` and
/// `MADE_PORT`, `queue-rows-max` is `--queue-rows-max` and `MADE_QUEUE_ROWS_MAX`.
public struct ServiceOptions: Sendable {
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// TCP port; 0 takes a free one.
    public var port: UInt16 = 8080
    /// Event loops; 0: one a core, at most two.
    public var loops = 0
    /// Workers of each model's queue; 0: one a core.
    public var workers = 0
    /// What an event loop computes itself in one turn, microseconds.
    public var inlineBudget = 200
    /// Rows of one batch of a queue.
    public var batchRowsMax = 256
    /// How long an idle queue waits for a batch to fill, microseconds.
    public var delayMax = 0
    /// Rows that may wait for one model, and rows of one request.
    public var queueRowsMax = 131_072
    /// Rows of one request for samples.
    public var sampleRowsMax = 100_000
    /// Bytes of a request's body.
    public var bodyBytesMax = 64 << 20
    /// Bytes of a body of NDJSON or CSV, which is read as it arrives.
    public var bulkBytesMax = 1 << 40
    /// Bytes of the answer to such a body, which is held in memory until it is sent.
    public var bulkAnswerBytesMax = 1 << 30
    /// Seconds for a request's head, for its body, and between requests.
    public var headSecondsMax = 10.0
    /// See `headSecondsMax`.
    public var bodySecondsMax = 60.0
    /// See `headSecondsMax`.
    public var idleSecondsMax = 60.0
    /// Open connections.
    public var connectionsMax = 1024
    /// Seconds that a stop may take.
    public var graceSeconds = 7.0
    /// The model of requests that name none.
    public var defaultModel: String?
    /// The share of normal rows that may be called anomalies, where a request does not say.
    public var alpha = 0.01
    /// Of PyTorch state dicts, which do not hold it.
    public var activation: Activation?
    /// The least level of log lines; requests are logged at `info`.
    public var logLevel = Logger.Level.info

    /// The defaults above.
    public init() {}

    /// The values of `environment`'s variables, over them those of `flags` (by setting name), over the defaults.
    ///
    /// - Throws: `ServiceError` that names the flag or variable and says what it takes.
    public init(flags: [String: String], environment: [String: String]) throws(ServiceError) {
        for setting in Self.settings {
            let variable = setting.variable
            let given =
                flags[setting.name].map { ("--\(setting.name)", $0) } ?? environment[variable].map { (variable, $0) }
            guard let (source, text) = given else { continue }
            guard setting.apply(&self, text) else {
                throw ServiceError("\(source): \(quoted(text)) is not \(setting.takes)")
            }
        }
        let known = Set(Self.settings.map(\.variable))
        for name in environment.keys.sorted() where name.hasPrefix("MADE_") && !known.contains(name) {
            throw ServiceError("\(name) is not a setting\(suggestion(for: name, among: known.sorted()))")
        }
    }
}

extension ServiceOptions {
    /// One value and how it is written.
    struct Setting: Sendable {
        let name: String
        /// What it takes, for the message about anything else.
        let takes: String
        /// False where the text is not what it takes.
        let apply: @Sendable (inout ServiceOptions, String) -> Bool

        var variable: String {
            "MADE_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
        }
    }

    /// Names of all settings.
    public static var settingNames: [String] { settings.map(\.name) }

    static var settings: [Setting] {
        [
            Setting(name: "host", takes: "an address") { options, text in
                options.host = text
                return !text.isEmpty
            },
            Setting(name: "port", takes: "a port number, 0 to 65535") { options, text in
                set(&options.port, UInt16(text))
            },
            whole("loops", \.loops, 0...256), whole("workers", \.workers, 0...1024),
            whole("inline-budget", \.inlineBudget, 0...1_000_000), whole("batch-rows-max", \.batchRowsMax, 1...65_536),
            whole("delay-max", \.delayMax, 0...1_000_000), whole("queue-rows-max", \.queueRowsMax, 1...16_777_216),
            whole("sample-rows-max", \.sampleRowsMax, 1...1_000_000),
            whole("body-bytes-max", \.bodyBytesMax, 1024...1 << 30),
            whole("bulk-bytes-max", \.bulkBytesMax, 1024...1 << 50),
            whole("bulk-answer-bytes-max", \.bulkAnswerBytesMax, 1024...1 << 40),
            seconds("head-seconds-max", \.headSecondsMax), seconds("body-seconds-max", \.bodySecondsMax),
            seconds("idle-seconds-max", \.idleSecondsMax), whole("connections-max", \.connectionsMax, 1...1_000_000),
            seconds("grace-seconds", \.graceSeconds),
            Setting(name: "default-model", takes: "a name") { options, text in
                options.defaultModel = text
                return !text.isEmpty
            },
            Setting(name: "alpha", takes: "a number above 0 and at most 1") { options, text in
                set(&options.alpha, Double(text).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil })
            },
            Setting(name: "activation", takes: "one of relu, elu, tanh, sigmoid") { options, text in
                options.activation = Activation(rawValue: text)
                return options.activation != nil
            },
            Setting(name: "log-level", takes: "one of trace, debug, info, notice, warning, error, critical") {
                options, text in set(&options.logLevel, Logger.Level(rawValue: text))
            },
        ]
    }

    private static func set<Value>(_ target: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        target = value
        return true
    }

    private static func whole(
        _ name: String, _ path: any WritableKeyPath<ServiceOptions, Int> & Sendable, _ range: ClosedRange<Int>
    ) -> Setting {
        Setting(name: name, takes: "a whole number, \(range.lowerBound) to \(range.upperBound)") { options, text in
            set(&options[keyPath: path], Int(text).flatMap { range.contains($0) ? $0 : nil })
        }
    }

    private static func seconds(
        _ name: String, _ path: any WritableKeyPath<ServiceOptions, Double> & Sendable
    ) -> Setting {
        Setting(name: name, takes: "a number of seconds, above 0 and at most 86400") { options, text in
            set(&options[keyPath: path], Double(text).flatMap { $0 > 0 && $0 <= 86400 ? $0 : nil })
        }
    }

    /// What the HTTP layer needs of them.
    var serverOptions: ServerOptions {
        var limits = Limits()
        limits.bodyBytesMax = bodyBytesMax
        limits.streamedBodyBytesMax = bulkBytesMax
        limits.headSecondsMax = headSecondsMax
        limits.bodySecondsMax = bodySecondsMax
        limits.idleSecondsMax = idleSecondsMax
        limits.connectionCountMax = connectionsMax
        return ServerOptions(
            host: host, port: port, loopCount: loops > 0 ? loops : ServerOptions.defaultLoopCount, limits: limits)
    }
}
