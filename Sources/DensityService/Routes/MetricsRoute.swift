internal import Dispatch
internal import MADE
internal import Microhttpd
internal import Synchronization

extension RequestHandler {
    /// GET /metrics.
    func metrics(_ call: Call) {
        let core = core
        Self.background.asyncAnywhere {
            let bytes = Array(core.metricsText.utf8)
            call.answer(Reply(status: 200, headers: [("Content-Type", PrometheusText.contentType)], body: bytes))
        }
    }
}

extension ServiceCore {
    /// All that is counted, in Prometheus' text format.
    fileprivate var metricsText: String {
        var text = PrometheusText()
        text.family("made_build_info", "gauge", "The version of this software.")
        text.sample("made_build_info", [("version", Build.version)], 1)
        text.family("made_ready", "gauge", "1 while /readyz is 200: a model is ready, and the service not draining.")
        text.sample("made_ready", [], isReady ? 1 : 0)
        observer.metrics.write(to: &text)
        text.family("made_log_dropped_lines_total", "counter", "Log lines that nobody has read.")
        text.sample("made_log_dropped_lines_total", [], Double(observer.droppedLineCount))
        text.family("made_memory_bytes", "gauge", "Memory taken for bodies and answers.")
        text.sample("made_memory_bytes", [], Double(memory.takenBytes))
        text.family("made_memory_bytes_max", "gauge", "What they may take (memory-bytes-max).")
        text.sample("made_memory_bytes_max", [], Double(memory.bytesMax))
        let snapshot = registry.snapshot
        let models = snapshot.entries.flatMap(\.models)
        text.family("made_model_info", "gauge", "The models that are ready.")
        for model in models {
            text.sample(
                "made_model_info",
                model.card.labels + [
                    ("sha256", model.digest), ("default", snapshot.isDefault(model) ? "true" : "false"),
                ], 1)
        }
        text.perModel("made_rows_scored_total", "counter", "Rows of score requests that were answered.", models) {
            $0.statistics.scoredRows.load(ordering: .relaxed)
        }
        text.perModel("made_anomalies_total", "counter", "Rows that were answered as anomalies.", models) {
            $0.statistics.anomalies.load(ordering: .relaxed)
        }
        text.logLikelihoods(models)
        text.perModel(
            "made_queue_rows", "gauge", "Rows that wait for a worker; a body that is not read yet counts as one a KiB.",
            models
        ) { $0.queue.waitingRows }
        text.drift(models.filter { $0.drift.windowRows > 0 }.map { $0.drift.report(alpha: options.alpha) })
        if let tls = gate.tls {
            text.family(
                "made_tls_certificate_expiry_seconds", "gauge",
                "When the certificate of new connections expires, since 1970.")
            text.sample("made_tls_certificate_expiry_seconds", [], Double(tls.identity.expirySeconds))
        }
        text.processFigures(startSeconds: observer.metrics.startSeconds)
        return text.text
    }
}

extension PrometheusText {
    fileprivate mutating func perModel(
        _ name: String, _ type: String, _ help: String, _ models: [LoadedModel], _ value: (LoadedModel) -> Int
    ) {
        family(name, type, help)
        for model in models { sample(name, model.card.labels, Double(value(model))) }
    }
}
