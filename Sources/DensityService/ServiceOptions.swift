public import Logging
public import MADE
internal import Microhttpd

/// How the service is run. Every value is a `Setting`: `queueRowsMax` is the flag `--queue-rows-max`, the environment
/// variable `MADE_QUEUE_ROWS_MAX` and the key `queue-rows-max` of a configuration file.
public struct ServiceOptions: Sendable {
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// TCP port; 0 takes a free one.
    public var port: UInt16 = 8080
    /// Event loops; 0: one a core, at most two.
    public var loops = 0
    /// Workers of each model's queue; 0: one a core.
    public var workers = 0
    /// What an event loop computes itself in one turn, microseconds; nil: 4000 where the loops are as many as the
    /// processors, else 200.
    public var inlineBudget: Int?
    /// Rows of one batch of a queue.
    public var batchRowsMax = 256
    /// How long an idle queue waits for a batch to fill, microseconds.
    public var delayMax = 0
    /// Rows that may wait for one model, and rows of one request.
    public var queueRowsMax = 131_072
    /// Work that may wait for one model, milliseconds.
    public var queueMillisecondsMax = 1000
    /// Rows of one request for samples.
    public var sampleRowsMax = 100_000
    /// Bytes of a request's body.
    public var bodyBytesMax = 64 << 20
    /// Bytes of a body of NDJSON or CSV, which is read as it arrives.
    public var bulkBytesMax = 1 << 40
    /// Bytes of the answer to such a body, which is held in memory until it is sent.
    public var bulkAnswerBytesMax = 1 << 30
    /// Bytes of memory for bodies being collected and answers being held, of all requests together; 0: what
    /// `memoryBytes` says.
    public var memoryBytesMax = 0
    /// Seconds for a request's head, for its body, and between requests.
    public var headSecondsMax = 10.0
    /// See `headSecondsMax`.
    public var bodySecondsMax = 60.0
    /// See `headSecondsMax`.
    public var idleSecondsMax = 60.0
    /// Seconds that a client has for its next request, once the service stops, before its connection is closed.
    public var restSecondsMax = 1.0
    /// Open connections.
    public var connectionsMax = 1024
    /// Open connections of one client address; 0: no limit.
    public var addressConnectionsMax = 0
    /// Bytes of a request's target, and bytes and number of its header fields.
    public var uriBytesMax = 8 << 10
    /// See `uriBytesMax`.
    public var headerBytesMax = 8 << 10
    /// See `uriBytesMax`.
    public var headerFieldsMax = 96
    /// Seconds that a stop may take.
    public var graceSeconds = 7.0
    /// Seconds between the wish to stop and the stop, in which `/readyz` says 503 and all else is answered.
    public var shutdownDelaySeconds = 0.0
    /// The file of API keys; nil: nobody needs one.
    public var apiKeysFile: String?
    /// The certificate of the service and those that lead to it, PEM; nil: plain HTTP.
    public var tlsCertificateFile: String?
    /// Its key, PEM.
    public var tlsKeyFile: String?
    /// The certificates of those who sign clients' certificates, PEM; nil: clients need none.
    public var tlsClientCAFile: String?
    /// Requests a second of one key; 0: no limit.
    public var keyRateMax = 0.0
    /// Requests at once of one key; 0: a second's worth.
    public var keyBurstMax = 0
    /// Requests a second of one client address; 0: no limit.
    public var addressRateMax = 0.0
    /// Requests at once of one client address; 0: a second's worth.
    public var addressBurstMax = 0
    /// Origins of web pages whose scripts may read answers, or `*`.
    public var corsOrigins: [String] = []
    /// Checkpoints, or folders of them; none: the bundled ones.
    public var models: [String] = []
    /// Whether folders of models are watched, so that what changes there is served.
    public var watchesModels = false
    /// Seconds that reading a folder of models or one of its files may take.
    public var modelReadSecondsMax = 60.0
    /// The model of requests that name none.
    public var defaultModel: String?
    /// The share of normal rows that may be called anomalies, where a request does not say.
    public var alpha = 0.01
    /// What p-values rank by, where a request does not say; likelihood of models that were not calibrated for it.
    public var statistic = RowStatistic.combined
    /// Latest rows of each model that are watched for drift; 0: none.
    public var driftRows = 10_000
    /// Of PyTorch state dicts, which do not hold it.
    public var activation: Activation?
    /// How the models' weights are kept.
    public var weights = WeightFormat.fp32
    /// The least level of log lines; requests are logged at `info`.
    public var logLevel = Logger.Level.info
    /// How log lines are written.
    public var logFormat = LogFormat.text

    /// The defaults above.
    public init() {}

    /// What an event loop computes itself in one turn, nanoseconds. With a processor of their own workers are soon at work;
    /// without, a request only waits for two threads in place of one.
    var inlineBudgetNanoseconds: Int { 1000 * (inlineBudget ?? (serverOptions.loopsTakeAllProcessors ? 4000 : 200)) }

    /// Bytes of memory for bodies and answers: a quarter of what the process may use where nothing else is set, ...
    var memoryBytes: Int { memoryBytesMax > 0 ? memoryBytesMax : max(SystemMemory.byteCount / 4, memoryBytesMin) }

    /// ... and room for the largest body, and for its rows once it is read.
    var memoryBytesMin: Int { 4 * bodyBytesMax }

    /// What the HTTP layer needs of them.
    var serverOptions: ServerOptions {
        var limits = Limits()
        limits.bodyBytesMax = bodyBytesMax
        limits.streamedBodyBytesMax = bulkBytesMax
        limits.headSecondsMax = headSecondsMax
        limits.bodySecondsMax = bodySecondsMax
        limits.idleSecondsMax = idleSecondsMax
        limits.restSecondsMax = restSecondsMax
        limits.connectionCountMax = connectionsMax
        if addressConnectionsMax > 0 { limits.addressConnectionCountMax = addressConnectionsMax }
        limits.uriBytesMax = uriBytesMax
        limits.headerBytesMax = headerBytesMax
        limits.headerCountMax = headerFieldsMax
        // A head has to fit with what libmicrohttpd notes of each field, and room for the answer's.
        let headBytes = uriBytesMax + headerBytesMax + 64 * headerFieldsMax + 4096
        limits.connectionMemoryBytes = max(limits.connectionMemoryBytes, (headBytes + 4095) / 4096 * 4096)
        return ServerOptions(
            host: host, port: port, loopCount: loops > 0 ? loops : ServerOptions.defaultLoopCount, limits: limits,
            allowsOptions: !corsOrigins.isEmpty)
    }
}
