internal import Dispatch
internal import Glibc
internal import Logging
internal import MADE
internal import Synchronization

/// What all loops share.
final class ServiceCore: Sendable {
    let options: ServiceOptions
    let registry: Registry
    let observer: Observer
    let gate: Gate
    /// Entered by all queued work.
    let pending = DispatchGroup()
    /// The service is going away: it still answers, but says that it is not ready.
    let isDraining = Atomic(false)
    /// What SIGHUP does.
    let refreshing = Refreshing()

    init(paths: [String], options: ServiceOptions, sink: LogSink) throws(ServiceError) {
        self.options = options
        observer = Observer(sink: sink, level: options.logLevel, format: options.logFormat)
        gate = try Gate(options)
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        registry = try Registry(
            paths: paths, defaultName: options.defaultModel,
            environment: LoadedModel.Environment(
                activation: options.activation,
                limits: WorkerQueue.Limits(
                    workerCount: options.workers > 0 ? options.workers : cores, batchRowsMax: options.batchRowsMax,
                    waitingRowsMax: options.queueRowsMax, delay: .microseconds(options.delayMax)),
                pending: pending, metrics: observer.metrics, driftRows: options.driftRows))
    }

    /// Reads every model's file again, and says in the log what came of it; a model that was taken out of service stays so.
    func reloadModels() {
        for entry in registry.snapshot.entries {
            if case .failed(Registry.unloaded) = entry.state { continue }
            _ = try? reloadModel(entry.name)
        }
    }

    /// Reads one model's file again, and says in the log what came of it.
    func reloadModel(_ name: String) throws(Problem) -> LoadedModel {
        do throws(Problem) {
            let model = try registry.reload(name)
            observer.logger.info(
                "model reloaded", metadata: ["model": "\(model.card.name)", "sha256": "\(model.digest)"])
            return model
        } catch {
            observer.logger.error("model not reloaded", metadata: ["reason": "\(error.detail)"])
            throw error
        }
    }

    /// Whether requests that need a model can be answered.
    var isReady: Bool {
        !isDraining.load(ordering: .relaxed) && registry.snapshot.hasReadyModel
    }
}

/// The version of this software.
enum Build {
    static let version = "1.0.0"
}
