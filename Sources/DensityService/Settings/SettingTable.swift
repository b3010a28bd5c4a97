internal import Logging
internal import MADE

extension ServiceOptions {
    /// All settings, in the order of the documentation.
    public static let settings = listeningSettings + accessSettings + modelSettings + workSettings + logSettings

    private static let listeningSettings = [
        Setting.text(
            "host", .listening, \.host, takes: "an address",
            "Address to listen on; 0.0.0.0 or :: is every address of this machine.", read: nonempty, write: { $0 }),
        .whole("port", .listening, \.port, 0...65535, "TCP port; 0 picks a free one."),
        .whole("connections-max", .listening, \.connectionsMax, 1...1_000_000, "Open connections at most."),
        .whole(
            "address-connections-max", .listening, \.addressConnectionsMax, 0...1_000_000,
            "Open connections of one client address (of IPv6: of one /64) at most; more are closed at once. 0 is no limit."
        ),
        .whole("uri-bytes-max", .listening, \.uriBytesMax, 256...65_536, "Bytes of a request's target at most."),
        .whole(
            "header-bytes-max", .listening, \.headerBytesMax, 512...262_144,
            "Bytes of a request's header fields at most. More than the default takes more memory of every connection."),
        .whole(
            "header-fields-max", .listening, \.headerFieldsMax, 8...4096, "Header fields of a request at most."),
        .whole(
            "body-bytes-max", .listening, \.bodyBytesMax, 1024...1 << 30,
            "Bytes of a request's body at most, expanded."),
        .whole(
            "bulk-bytes-max", .listening, \.bulkBytesMax, 1024...1 << 50,
            "Bytes of a body of NDJSON or CSV, expanded; it is read as it arrives."),
        .whole(
            "bulk-answer-bytes-max", .listening, \.bulkAnswerBytesMax, 1024...1 << 40,
            "Bytes of the answer to such a body at most; it is held in memory."),
        .whole(
            "memory-bytes-max", .listening, \.memoryBytesMax, 0...1 << 50,
            "Bytes of memory for bodies and answers, of all requests together. Beyond them requests are refused, with 503 or, "
                + "if it would never be enough, with 413; bodies of NDJSON or CSV wait. 0 is a quarter of the memory of the machine "
                + "or container, at least 4 x body-bytes-max."),
        .positive("head-seconds-max", .listening, \.headSecondsMax, upTo: 86400, "Seconds for a request's head."),
        .positive("body-seconds-max", .listening, \.bodySecondsMax, upTo: 86400, "Seconds for a request's body."),
        .positive(
            "idle-seconds-max", .listening, \.idleSecondsMax, upTo: 86400,
            "Seconds between two requests of a connection."),
        .positive("grace-seconds", .listening, \.graceSeconds, upTo: 86400, "Seconds that a stop may take."),
        .amount(
            "shutdown-delay-seconds", .listening, \.shutdownDelaySeconds, upTo: 3600,
            "Seconds between SIGTERM or SIGINT and the stop. Meanwhile /readyz says 503 and requests are taken as before, so "
                + "that balancers turn away before a connection is refused. A second signal ends the wait."),
    ]

    private static let modelSettings = [
        Setting(
            name: "models", group: .models,
            help:
                "Checkpoints, PyTorch state dicts in safetensors form, or folders of them, which hold NAME.safetensors or "
                + "NAME/VERSION/model.safetensors. None: /opt/ml/model and /mnt/models, as far as they exist, else the bundled ones. A "
                + "relative path of a configuration file starts at that file's folder.",
            form: .paths, takes: "paths", texts: { $0.models },
            apply: { options, texts in
                options.models = texts
                return texts.allSatisfy { !$0.isEmpty }
            }),
        .text(
            "watch-models", .models, \.watchesModels, takes: "true or false",
            "Whether to watch folders of models and serve what changes there; without it SIGHUP and reload requests say when.",
            read: { Bool($0) }, write: { "\($0)" }),
        .positive(
            "model-read-seconds-max", .models, \.modelReadSecondsMax, upTo: 86400,
            "Seconds that reading a folder of models, or a file of it, may take; past them it counts as unreadable, until its "
                + "disk answers. Others are not held up any longer."),
        .text(
            "default-model", .models, \.defaultModel, takes: "a name",
            "The model of requests that name none. None: the only one, or the bundled nltcs.", read: nonempty,
            write: { $0 }),
        .positive(
            "alpha", .models, \.alpha, upTo: 1,
            "Share of normal rows that may be called anomalies, where a request does not say."),
        .text(
            "statistic", .models, \.statistic,
            takes: "one of \(RowStatistic.allCases.map(\.rawValue).joined(separator: ", "))",
            "What p-values rank rows by, where a request does not say: the likelihood of the row as a whole; its most "
                + "surprising cell; or both combined. Models that were not calibrated for it rank by likelihood.",
            read: { RowStatistic(rawValue: $0) }, write: { $0.rawValue }),
        .whole(
            "drift-rows", .models, \.driftRows, 0...1_000_000,
            "Latest rows of each model that are watched for drift; 0 is none."),
        .text(
            "activation", .models, \.activation, takes: "one of relu, elu, tanh, sigmoid",
            "Activation of PyTorch state dicts, which do not hold it.",
            read: { Activation(rawValue: $0).map(Optional.some) }, write: { $0?.rawValue }),
        .text(
            "weights", .models, \.weights,
            takes: "one of \(WeightFormat.allCases.map(\.rawValue).joined(separator: ", "))",
            "How weights are kept: fp16 halves a model's memory, is quicker for large ones, and rounds their weights, as "
                + "'made inspect' tells.",
            read: { WeightFormat(rawValue: $0) }, write: { $0.rawValue }),
        .whole(
            "sample-rows-max", .models, \.sampleRowsMax, 1...1_000_000, "Rows of one request for samples at most."),
    ]

    private static let workSettings = [
        Setting.whole(
            "loops", .work, \.loops, 0...256,
            "Event loops; 0 is one a core, at most two. Where there are as many as cores, each keeps to one."),
        .whole(
            "workers", .work, \.workers, 0...1024,
            "Workers a model; 0 is one a core, of a container with a limit as many as its share of processors."),
        .wholeOrNone(
            "inline-budget", .work, \.inlineBudget, 0...1_000_000,
            "Microseconds of scoring that an event loop does itself in one turn. None: 4000 where loops are as many as "
                + "processors, so that workers would only take turns with them; else 200."),
        .whole("batch-rows-max", .work, \.batchRowsMax, 1...65_536, "Rows of one batch of a queue."),
        .whole(
            "delay-max", .work, \.delayMax, 0...1_000_000,
            "Microseconds that an idle queue waits for a batch to fill."),
        .whole(
            "queue-milliseconds-max", .work, \.queueMillisecondsMax, 1...3_600_000,
            "Milliseconds that an accepted request may wait for one model's workers, as its rows are expected to take; what "
                + "would wait longer is refused with 503 at once."),
        .whole(
            "queue-rows-max", .work, \.queueRowsMax, 1...16_777_216,
            "Rows that may wait for one model, and rows of one request."),
    ]

    private static let logSettings = [
        Setting.text(
            "log-level", .log, \.logLevel, takes: "one of \(levels.map(\.rawValue).joined(separator: ", "))",
            "Least level of log lines; info has a line a request.",
            read: { Logger.Level(rawValue: $0) }, write: { $0.rawValue }),
        .text(
            "log-format", .log, \.logFormat,
            takes: "one of \(LogFormat.allCases.map(\.rawValue).joined(separator: ", "))",
            "How log lines are written: 'TIME LEVEL MESSAGE key=value …', or a JSON object a line.",
            read: { LogFormat(rawValue: $0) }, write: { $0.rawValue }),
    ]

    private static let levels = Logger.Level.allCases

    private static let nonempty: @Sendable (String) -> String? = { $0.isEmpty ? nil : $0 }
}
