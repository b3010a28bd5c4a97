internal import MADERows
internal import Synchronization

/// What became of the requests for one model's scores, and in how many batches: the inference server protocol's figures.
final class InferenceStatistics: Sendable {
    private let rows = Atomic(0)
    private let executions = Atomic(0)
    private let successes = Atomic(0)
    private let successNanoseconds = Atomic<UInt64>(0)
    private let failures = Atomic(0)
    private let failureNanoseconds = Atomic<UInt64>(0)
    private let queueNanoseconds = Atomic<UInt64>(0)
    private let computeNanoseconds = Atomic<UInt64>(0)
    /// Of the last success, since 1970.
    private let lastMilliseconds = Atomic<UInt64>(0)

    /// Rows of all answers that held scores.
    let scoredRows = Atomic(0)
    /// Rows answered as anomalies, at whatever alpha their requests asked for.
    let anomalies = Atomic(0)
    /// Of all rows that were scored.
    let logLikelihoods = LogLikelihoodHistogram()

    /// Counts an answer; one without an effort is a refusal.
    func count(_ effort: Call.Effort?, total: UInt64) {
        guard let effort else {
            failures.wrappingAdd(1, ordering: .relaxed)
            failureNanoseconds.wrappingAdd(total, ordering: .relaxed)
            return
        }
        rows.wrappingAdd(effort.rows, ordering: .relaxed)
        successes.wrappingAdd(1, ordering: .relaxed)
        successNanoseconds.wrappingAdd(total, ordering: .relaxed)
        queueNanoseconds.wrappingAdd(effort.queue, ordering: .relaxed)
        computeNanoseconds.wrappingAdd(effort.compute, ordering: .relaxed)
        lastMilliseconds.store(wallNanoseconds() / 1_000_000, ordering: .relaxed)
    }

    /// Counts a batch, of however many requests.
    func countExecution() {
        executions.wrappingAdd(1, ordering: .relaxed)
    }

    /// Appends the members of one entry of `model_stats`.
    func write(to json: inout JSONWriter) {
        json.member("last_inference", lastMilliseconds.load(ordering: .relaxed))
        json.member("inference_count", rows.load(ordering: .relaxed))
        json.member("execution_count", executions.load(ordering: .relaxed))
        let successCount = successes.load(ordering: .relaxed)
        json.key("inference_stats")
        json.beginObject()
        for (name, count, duration) in [
            ("success", successCount, successNanoseconds.load(ordering: .relaxed)),
            ("fail", failures.load(ordering: .relaxed), failureNanoseconds.load(ordering: .relaxed)),
            ("queue", successCount, queueNanoseconds.load(ordering: .relaxed)),
            ("compute", successCount, computeNanoseconds.load(ordering: .relaxed)),
        ] {
            json.key(name)
            json.beginObject()
            json.member("count", count)
            json.member("ns", duration)
            json.endObject()
        }
        json.endObject()
    }
}
