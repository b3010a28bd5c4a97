internal import Dispatch
internal import MADE
internal import MADERows
internal import Synchronization

/// A model that serves: checked, compiled, with its queue.
final class LoadedModel: Sendable {
    let compiled: CompiledModel
    let card: ModelCard
    let verdict: AutoregressiveVerdict
    /// SHA-256 of its file, hexadecimal.
    let digest: String
    let schema: RowSchema
    /// What its rows are ranked by where a request does not say it.
    let statistic: RowStatistic
    /// Why no row, or none of some groups, can be judged at the configured alpha; nil where rows of all can.
    let judgementNote: String?
    /// Writes its rows.
    let text: RowText
    /// Says which of a row's cells are wrong.
    let explainer: CellExplainer
    /// Gives rows with values that are not known their p-values.
    let masked: MaskedCalibration
    /// Of rows that are given back as they came.
    let sentColumns: SentColumns
    let queue: WorkerQueue
    /// `"model": …, "version": …` as every answer has them.
    let nameMembers: [UInt8]
    /// The model card as JSON.
    let document: [UInt8]
    /// Columns by name.
    let indices: [String: Int]
    /// Whether every value is 0 or 1.
    let isAllBinary: Bool
    let drift: DriftMonitor
    /// Of this version of the model, whichever file it was read from.
    let statistics: InferenceStatistics
    /// What each event loop keeps for it, by the loop's number.
    let batches: [ModelBatch]
    private let costs: [CostEstimate]

    /// Kinds of work whose cost a row is measured.
    enum Work: Int, CaseIterable {
        case score, explain, conditionals, sample
        /// One pass of a row with missing values.
        case incomplete
        /// A kibibyte of a body, read by a worker.
        case reading
        /// A row with the gains of its cells.
        case gains
        /// The full conditional of a cell of a complete row.
        case cells
        /// A row that is repaired, where it is an anomaly.
        case repairs
    }

    /// Why a file cannot serve; one line.
    struct LoadError: Error {
        var description: String
    }

    /// What loading needs beside the file.
    struct Environment: Sendable {
        var activation: Activation?
        var weights: WeightFormat
        var loopCount: Int
        var limits: WorkerQueue.Limits
        var pending: DispatchGroup
        var metrics: Metrics
        /// What p-values rank by, where the model was calibrated for it.
        var statistic = RowStatistic.combined
        /// The share of normal rows that may be called anomalies, where a request does not say it.
        var alpha = Judgement.defaultAlpha
        /// Latest rows that are watched for drift.
        var driftRows: Int
        /// Seconds that reading a folder or a file may take.
        var readSecondsMax = 60.0
    }

    /// Takes what a file holds, proves the model autoregressive, and lets it work on a few rows: the first request shall find all of
    /// it in memory, and its cost known.
    ///
    /// - Parameters:
    ///   - checkpoint: the file as it was read.
    ///   - predecessor: what served this version before; its statistics go on.
    init(
        file: ModelFile, checkpoint: CheckpointFile, heirOf predecessor: LoadedModel? = nil, environment: Environment
    ) throws(LoadError) {
        let loaded = try Self.compile(
            checkpoint, activation: environment.activation, weights: environment.weights)
        compiled = loaded.model
        var card = loaded.model.card
        card.name = file.name ?? card.name
        card.version = file.version ?? card.version
        self.card = card
        verdict = loaded.verdict
        for (what, text) in [("name", card.name), ("version", card.version)] where text.isEmpty || text.contains("/") {
            throw LoadError(description: "\(file.path): the model's \(what) \(quoted(text)) cannot stand in a path")
        }
        do {
            digest = try ModelCardDocument.sha256(of: checkpoint)
        } catch {
            throw LoadError(description: error.description)
        }
        guard let schema = RowSchema(card) else {
            throw LoadError(description: "\(file.path): memory is short")
        }
        self.schema = schema
        statistic = card.calibration?.statistic(wanted: environment.statistic) ?? .likelihood
        judgementNote = Judgement(card.calibration, alpha: environment.alpha, statistic: statistic).note
        text = RowText(card)
        explainer = CellExplainer(compiled, schema)
        masked = MaskedCalibration(compiled)
        sentColumns = SentColumns(of: schema)
        drift = DriftMonitor(model: compiled, card: card, windowRows: environment.driftRows)
        queue = WorkerQueue(
            label: "made.\(card.name)", model: compiled, limits: environment.limits, pending: environment.pending,
            metrics: environment.metrics)
        var members = JSONWriter()
        members.member("model", card.name)
        members.member("version", card.version)
        nameMembers = members.bytes
        document = ModelCardDocument.json(
            card: card, schema: schema, weights: environment.weights, verdict: verdict, digest: digest,
            statistic: statistic)
        indices = Dictionary(zip(schema.columns.map(\.name), schema.columns.indices)) { first, _ in first }
        isAllBinary = card.variables.allSatisfy(\.isBinary)
        let isSameVersion = predecessor?.card.version == card.version
        statistics = isSameVersion ? predecessor?.statistics ?? InferenceStatistics() : InferenceStatistics()
        let compiled = compiled
        batches = (0..<environment.loopCount).map { _ in ModelBatch(compiled) }
        guard let nanoseconds = Self.warmUp(compiled) else {
            throw LoadError(description: "\(file.path): it gives its own samples no finite log-likelihood")
        }
        // Conditionals, passes with missing values, bodies and gains start from guesses; the first calls correct them. The quantiles of a
        // mixture are found by search.
        let realCount = card.variables.count(where: \.isReal)
        let conditionals = nanoseconds.explain + 40_000 * Double(realCount)
        costs = [
            nanoseconds.score, nanoseconds.explain, conditionals, nanoseconds.sample, 4 * nanoseconds.score, 4000,
            nanoseconds.explain * Double(card.variables.count + 8), nanoseconds.explain * 40,
            nanoseconds.explain * Double(card.variables.count + 8),
        ].map(CostEstimate.init)
    }

    /// Notes rows [n × D] that were scored, and their log-likelihoods [n]. Any thread.
    func note(_ rows: UnsafeBufferPointer<Float>, _ logLikelihoods: UnsafeBufferPointer<Double>) {
        drift.note(rows, logLikelihoods)
        statistics.logLikelihoods.record(logLikelihoods)
    }

    func cost(of work: Work) -> CostEstimate { costs[work.rawValue] }

    private static func compile(
        _ file: CheckpointFile, activation: Activation?, weights: WeightFormat
    ) throws(LoadError) -> (model: CompiledModel, verdict: AutoregressiveVerdict) {
        do {
            return try file.compiled(try Self.model(of: file, activation: activation), weights: weights)
        } catch {
            throw LoadError(description: error.description)
        }
    }

    /// The product's own files know their activation; only a state dict needs to be told.
    private static func model(
        of file: CheckpointFile, activation: Activation?
    ) throws(CheckpointError) -> DensityModel {
        do {
            return try file.model()
        } catch {
            guard case .activationNeeded = error.problem, activation != nil else { throw error }
            return try file.model(activation: activation)
        }
    }

    /// Draws a few rows, scores and explains them; nanoseconds a row of each, the quickest of three times. Nil where the
    /// model gives one of its own rows a log-likelihood that is no number.
    private static func warmUp(_ model: CompiledModel) -> (score: Double, explain: Double, sample: Double)? {
        let rowCount = 16
        let workspace = model.makeWorkspace()
        let sheet = ScoreSheet(variableCount: model.variableCount)
        sheet.reserve(rowCount: rowCount, withSurprisals: true)
        var rows: [Float] = []
        let durations = [0, 1, 2].map { seed in
            let start = monotonicNanoseconds()
            rows = model.sample(SamplingRequest(count: rowCount, seed: UInt64(seed)), using: workspace).rows
            let drawn = monotonicNanoseconds()
            rows.withUnsafeBufferPointer {
                sheet.score($0, at: 0, withSurprisals: false, model: model, using: workspace)
            }
            let scored = monotonicNanoseconds()
            rows.withUnsafeBufferPointer {
                sheet.score($0, at: 0, withSurprisals: true, model: model, using: workspace)
            }
            return [drawn - start, scored - drawn, monotonicNanoseconds() - scored].map {
                Double($0) / Double(rowCount)
            }
        }
        guard sheet.logLikelihoods.prefix(rowCount).allSatisfy(\.isFinite) else { return nil }
        // Whatever interrupted one of them did not shorten it; an estimate far too high would turn the first clients away.
        let least = (0..<3).map { kind in durations.map { $0[kind] }.min() ?? 0 }
        return (score: least[1], explain: least[2], sample: least[0])
    }
}
