internal import CGnuTLS
internal import Dispatch
internal import Glibc
internal import MADE
internal import Synchronization

/// A model that serves: checked, compiled, with its queue.
final class LoadedModel: Sendable {
    let compiled: CompiledModel
    let card: ModelCard
    let verdict: AutoregressiveVerdict
    /// SHA-256 of its file, hexadecimal.
    let digest: String
    let schema: RowSchema
    let queue: WorkerQueue
    /// `"model": …, "version": …` as every answer has them.
    let nameMembers: [UInt8]
    /// The model card as JSON.
    let document: [UInt8]
    /// Variables by name.
    let indices: [String: Int]
    /// Whether every value is 0 or 1.
    let isAllBinary: Bool
    let scoredRows = Atomic(0)
    /// Rows answered as anomalies, at whatever alpha their requests asked for.
    let anomalies = Atomic(0)
    let drift: DriftMonitor
    let statistics = InferenceStatistics()
    private let costs: [CostEstimate]

    /// Kinds of work whose cost a row is measured.
    enum Work: Int, CaseIterable {
        case score, explain, conditionals, sample
        /// One pass of a row with missing values.
        case incomplete
    }

    /// Why a file cannot serve; one line.
    struct LoadError: Error {
        var description: String
    }

    /// What loading needs beside the file.
    struct Environment: Sendable {
        var activation: Activation?
        var limits: WorkerQueue.Limits
        var pending: DispatchGroup
        var metrics: Metrics
        /// Latest rows that are watched for drift.
        var driftRows: Int
    }

    /// Reads the file at `path`, proves the model autoregressive, and runs it once.
    init(path: String, environment: Environment) throws(LoadError) {
        let loaded = try Self.read(path, activation: environment.activation)
        compiled = loaded.model
        card = loaded.model.card
        verdict = loaded.verdict
        guard !card.name.isEmpty, !card.name.contains("/") else {
            throw LoadError(description: "\(path): the model's name \(quoted(card.name)) cannot stand in a path")
        }
        digest = try Self.digest(of: path)
        guard let schema = RowSchema(card.variables) else {
            throw LoadError(description: "\(path): memory is short")
        }
        self.schema = schema
        drift = DriftMonitor(model: compiled, windowRows: environment.driftRows)
        queue = WorkerQueue(
            label: "made.\(card.name)", model: compiled, limits: environment.limits, pending: environment.pending,
            metrics: environment.metrics)
        var members = JSONWriter()
        members.member("model", card.name)
        members.member("version", card.version)
        nameMembers = members.bytes
        document = Self.document(card: card, verdict: verdict, digest: digest)
        indices = Dictionary(zip(card.variables.map(\.name), card.variables.indices)) { first, _ in first }
        let nanoseconds = Self.measure(compiled)
        isAllBinary = card.variables.allSatisfy { if case .binary = $0.kind { true } else { false } }
        // Sampling a row and giving its conditionals start from guesses; the first calls correct them. The quantiles of a
        // mixture are found by search.
        let realCount = card.variables.count { if case .real = $0.kind { true } else { false } }
        let conditionals = 2 * nanoseconds + 40_000 * Double(realCount)
        costs = [nanoseconds, 2 * nanoseconds, conditionals, 8 * nanoseconds, 4 * nanoseconds].map(CostEstimate.init)
    }

    func cost(of work: Work) -> CostEstimate { costs[work.rawValue] }

    private static func read(
        _ path: String, activation: Activation?
    ) throws(LoadError) -> (model: CompiledModel, verdict: AutoregressiveVerdict) {
        do {
            return try Checkpoint.load(path)
        } catch {
            // The product's own files know their activation; only a state dict needs to be told.
            guard case .activationNeeded = error.problem, activation != nil else {
                throw LoadError(description: error.description)
            }
        }
        do {
            return try Checkpoint.load(path, activation: activation)
        } catch {
            throw LoadError(description: error.description)
        }
    }

    /// SHA-256 of a file, hexadecimal.
    private static func digest(of path: String) throws(LoadError) -> String {
        guard let file = fopen(path, "rb") else {
            throw LoadError(description: "\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var hash: gnutls_hash_hd_t?
        guard gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) == 0, let hash else {
            throw LoadError(description: "\(path): GnuTLS gives no SHA-256 here")
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            gnutls_hash(hash, chunk, count)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        gnutls_hash_deinit(hash, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Nanoseconds a row, of the second of two batches.
    private static func measure(_ model: CompiledModel) -> Double {
        let rowCount = 16
        let rows = [Float](repeating: 0, count: rowCount * model.variableCount)
        var results = [Double](repeating: 0, count: rowCount)
        var span = results.mutableSpan
        let workspace = model.makeWorkspace()
        model.score(rows.span, into: &span, using: workspace)
        let start = monotonicNanoseconds()
        model.score(rows.span, into: &span, using: workspace)
        return Double(monotonicNanoseconds() - start) / Double(rowCount)
    }
}
