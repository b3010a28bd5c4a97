internal import Dispatch
internal import Glibc
internal import MADE
internal import Microhttpd
internal import Synchronization

/// What all loops share.
final class ServiceCore: Sendable {
    let options: ServiceOptions
    let routes: RouteTable
    /// The OpenAPI document.
    let apiDocument: [UInt8]
    let registry: Registry
    /// Of the folders of models, where that was asked for.
    private let watch: ModelWatch?
    let observer: Observer
    let gate: Gate
    /// Of bodies and answers.
    let memory: MemoryBudget
    /// Entered by all queued work.
    let pending = DispatchGroup()
    /// The service is going away: it still answers, but says that it is not ready.
    let isDraining = Atomic(false)
    /// The most bytes of bodies that a loop has read in one turn.
    let longestTurnBytes = Atomic(0)
    /// What SIGHUP does.
    let refreshing = Refreshing()

    init(
        paths: [String], options: ServiceOptions, sink: LogSink, routes: RouteTable = .standard
    ) throws(ServiceError) {
        guard options.memoryBytes >= options.memoryBytesMin else {
            throw ServiceError(
                "memory-bytes-max is \(options.memoryBytes), too little for a body of body-bytes-max, \(options.bodyBytesMax), and "
                    + "its rows: raise it to \(options.memoryBytesMin), or lower body-bytes-max")
        }
        self.options = options
        self.routes = routes
        memory = MemoryBudget(bytesMax: options.memoryBytes)
        observer = Observer(sink: sink, level: options.logLevel, format: options.logFormat, routes: routes)
        gate = try Gate(options)
        apiDocument = APIDocument.of(routes.routes, isKeyed: gate.keys != nil)
        registry = try Registry(
            paths: paths, defaultName: options.defaultModel, mayBeEmpty: options.watchesModels,
            environment: LoadedModel.Environment(
                activation: options.activation, weights: options.weights, loopCount: options.serverOptions.loopCount,
                limits: WorkerQueue.Limits(
                    workerCount: options.workers > 0 ? options.workers : SystemProcessors.count,
                    batchRowsMax: options.batchRowsMax, waitingRowsMax: options.queueRowsMax,
                    waitNanosecondsMax: options.queueMillisecondsMax * 1_000_000,
                    delay: .microseconds(options.delayMax)),
                pending: pending, metrics: observer.metrics, statistic: options.statistic, alpha: options.alpha,
                driftRows: options.driftRows, readSecondsMax: options.modelReadSecondsMax),
            logger: observer.logger)
        watch = options.watchesModels ? try ModelWatch(registry) : nil
    }

    /// Whether requests that need a model can be answered.
    var isReady: Bool {
        !isDraining.load(ordering: .relaxed) && registry.snapshot.hasReadyModel
    }
}

/// This software.
public enum Build {
    /// Its version.
    public static let version = "1.0.0"
}
