internal import CRows
internal import MADE
internal import MADERows

/// What a score request asks for beside its rows.
struct ScoreOptions: Equatable {
    /// How many columns of largest gain are named a row; nil: none asked for.
    var explain: Int?
    /// All surprisals are wanted.
    var perVariable = false
    /// The gains of all columns are wanted, without what is expected.
    var tellsGains = false
    /// The share of false discoveries among discoveries, in the mean at most; nil: no discoveries are asked for.
    var falseDiscoveryRate: Double?
    /// The share of normal rows that may be called anomalies.
    var alpha: Double
    /// What p-values rank by.
    var statistic: RowStatistic
    /// What of the rows is read.
    var reading = ReadingOptions()
    /// Columns that bulk answers copy from their input.
    var kept: [String] = []
    /// How values that are not known are integrated out.
    var missing = MissingValues()
    /// A faulty row spoils its own answer only.
    var keepsGoodRows = false
    /// The answer is a line a row; nil: one JSON document.
    var lines: LineFormat?

    /// Whether the answer tells what each variable contributes.
    var tellsSurprisals: Bool { explain != nil || perVariable || tellsGains }
    /// Whether the model must say that.
    var needsSurprisals: Bool { tellsSurprisals || statistic != .likelihood }
    /// What is done with its rows: those of one kind go through the model together.
    var work: LoadedModel.Work { explain ?? 0 > 0 || tellsGains ? .gains : needsSurprisals ? .explain : .score }
    /// Whether rows that were read for `others` are read as these want it: explanations quote cells as they came.
    func areRead(as others: ScoreOptions) -> Bool {
        reading == others.reading && (explain == nil) == (others.explain == nil)
    }

    /// What lines of a bulk answer have beside the scores.
    var details: ScoreDetails { ScoreDetails(explain: explain, falseDiscoveryRate: falseDiscoveryRate) }

    static let particlesRange = 1...65536
    /// Parameters of the query; a field of a body wins.
    static let queryNames = judgingQueryNames + ["explain", "fdr", "keep"]
    /// Those that say how rows are read and judged, which requests of every protocol may have.
    static let judgingQueryNames = ["alpha", "statistic", "unseen", "missing", "ignore_unknown"]
    static let names = judgingNames + ["explain", "per_variable", "fdr", "on_error"] + sampleNames
    /// Members of an answer of /sample, which may be posted as it is: whose rows they are, which must be this model's, and
    /// what is passed over.
    static let sampleNames = ["model", "version", "log_likelihood", "effective_sample_size"]
    /// Fields of a body that say how rows are read and judged, which requests of every protocol may have.
    static let judgingNames = judgingQueryNames + ["particles", "seed"]

    /// The service's defaults for a model.
    init(alpha: Double, model: LoadedModel) {
        self.alpha = alpha
        statistic = model.statistic
    }

    /// Reads the query.
    mutating func read(_ query: [(name: String, value: String)], model: LoadedModel) throws(Problem) {
        for (name, value) in query {
            switch name {
            case "explain":
                guard let count = wholeNumber(value) else {
                    throw Problem(400, "'explain' is \(quoted(value)); it must be a whole number")
                }
                try set(explain: Int(clamping: count), model: model, pointer: nil)
            case "fdr":
                guard let rate = decimalNumber(value) else {
                    throw Problem(400, "'fdr' is \(quoted(value)); it must be a number")
                }
                try set(falseDiscoveryRate: rate, calibration: model.card.calibration, pointer: nil)
            case "alpha":
                guard let alpha = decimalNumber(value) else {
                    throw Problem(400, "'alpha' is \(quoted(value)); it must be a number")
                }
                try set(alpha: alpha, calibration: model.card.calibration, pointer: nil)
            case "statistic": try set(statistic: value, calibration: model.card.calibration, pointer: nil)
            case "keep":
                kept = value.split(separator: ",").map(String.init)
                if kept.isEmpty { throw Problem(422, "'keep' must name columns, separated by commas") }
            case "unseen": try set(unseen: value, pointer: nil)
            case "missing": try set(missing: value, pointer: nil)
            case "ignore_unknown":
                guard let ignores = ["true": true, "1": true, "false": false, "0": false][value] else {
                    throw Problem(400, "'ignore_unknown' is \(quoted(value)); it must be true or false")
                }
                reading.ignoresUnknown = ignores
            default: break
            }
        }
    }

    private mutating func set(explain count: Int, model: LoadedModel, pointer: String?) throws(Problem) {
        let columnCount = model.schema.columns.count
        guard (0...columnCount).contains(count) else {
            throw Problem(
                422, "'explain' is \(count); it must be 0 to \(columnCount), the number of columns", pointer: pointer)
        }
        explain = count
    }

    private mutating func set(
        falseDiscoveryRate rate: Double, calibration: Calibration?, pointer: String?
    ) throws(Problem) {
        guard calibration != nil else {
            throw Problem(422, "the model has no calibration, so 'fdr' has no meaning; leave it out", pointer: pointer)
        }
        guard rate > 0, rate < 1 else {
            throw Problem(422, "'fdr' is \(rate); it must lie between 0 and 1", pointer: pointer)
        }
        falseDiscoveryRate = rate
    }

    private mutating func set(unseen: String, pointer: String?) throws(Problem) {
        guard unseen == "score" || unseen == "refuse" else {
            throw Problem(422, "'unseen' is \(quoted(unseen)); it must be \"score\" or \"refuse\"", pointer: pointer)
        }
        reading.refusesUnseen = unseen == "refuse"
    }

    private mutating func set(missing: String, pointer: String?) throws(Problem) {
        guard missing == "outcome" || missing == "unknown" else {
            throw Problem(
                422, "'missing' is \(quoted(missing)); it must be \"outcome\" or \"unknown\"", pointer: pointer)
        }
        reading.missingIsUnknown = missing == "unknown"
    }

    /// Reads the fields of a score request that a scan handed back.
    mutating func read(_ scan: made_scan, model: LoadedModel) throws(Problem) {
        let fields = try OptionReader(scan, names: Self.names, rowsMember: "rows")
        try check(fields, "model", is: model.card.name)
        try check(fields, "version", is: model.card.version)
        try readJudging(fields, model: model)
        if let explain = try fields.value("explain", Int.self, mustBe: "a whole number") {
            try set(explain: explain, model: model, pointer: "/explain")
        }
        if let rate = try fields.value("fdr", Double.self, mustBe: "a number") {
            try set(falseDiscoveryRate: rate, calibration: model.card.calibration, pointer: "/fdr")
        }
        perVariable = try fields.value("per_variable", mustBe: "true or false") ?? false
        switch try fields.value("on_error", String.self, mustBe: "a string") {
        case nil, "request": keepsGoodRows = false
        case "row": keepsGoodRows = true
        case let other?:
            throw Problem(
                422, "'on_error' is \(quoted(other)); it must be \"request\" or \"row\"", pointer: "/on_error")
        }
    }

    /// A body that names a model means no other: it is the path that chooses one.
    private func check(_ fields: OptionReader, _ name: String, is served: String) throws(Problem) {
        guard let asked = try fields.value(name, String.self, mustBe: "a string"), asked != served else { return }
        throw Problem(
            422,
            "'\(name)' is \(quoted(asked)), but what answers has \(name) \(quoted(served)); leave '\(name)' out, or choose by "
                + "the path, as in /models/{model}/score",
            pointer: fields.pointer(to: name))
    }

    /// Reads the fields that say how rows are read and judged (`judgingNames`), and no others.
    mutating func readJudging(_ fields: OptionReader, model: LoadedModel) throws(Problem) {
        if let alpha = try fields.value("alpha", Double.self, mustBe: "a number") {
            try set(alpha: alpha, calibration: model.card.calibration, pointer: fields.pointer(to: "alpha"))
        }
        if let statistic = try fields.value("statistic", String.self, mustBe: "a string") {
            try set(statistic: statistic, calibration: model.card.calibration, pointer: fields.pointer(to: "statistic"))
        }
        if let particles = try fields.value("particles", Int.self, mustBe: "a whole number") {
            let range = Self.particlesRange
            guard range.contains(particles) else {
                throw Problem(
                    422, "'particles' is \(particles); it must be \(range.lowerBound) to \(range.upperBound)",
                    pointer: fields.pointer(to: "particles"))
            }
            missing.particles = particles
        }
        if let seed = try fields.value("seed", UInt64.self, mustBe: "a whole number below 2^64") {
            missing.seed = seed
        }
        if let unseen = try fields.value("unseen", String.self, mustBe: "a string") {
            try set(unseen: unseen, pointer: fields.pointer(to: "unseen"))
        }
        if let missing = try fields.value("missing", String.self, mustBe: "a string") {
            try set(missing: missing, pointer: fields.pointer(to: "missing"))
        }
        reading.ignoresUnknown =
            try fields.value("ignore_unknown", mustBe: "true or false") ?? reading.ignoresUnknown
    }

    mutating func set(statistic: String, calibration: Calibration?, pointer: String?) throws(Problem) {
        guard let calibration else {
            throw Problem(
                422, "the model has no calibration, so 'statistic' has no meaning; leave it out", pointer: pointer)
        }
        guard let wanted = RowStatistic(rawValue: statistic) else {
            let names = RowStatistic.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw Problem(
                422, "'statistic' is \(quoted(statistic)); it must be one of \(names)", pointer: pointer)
        }
        guard calibration.statistics.contains(wanted) else {
            throw Problem(
                422,
                "'statistic' is \(quoted(statistic)), but the model was calibrated for \"likelihood\" alone; train it "
                    + "anew for the others",
                pointer: pointer)
        }
        self.statistic = wanted
    }

    mutating func set(alpha: Double, calibration: Calibration?, pointer: String?) throws(Problem) {
        guard let calibration else {
            throw Problem(
                422, "the model has no calibration, so 'alpha' has no meaning; leave it out", pointer: pointer)
        }
        guard alpha <= 1, alpha >= calibration.smallestPValue else {
            throw Problem(
                422,
                "'alpha' is \(alpha); with \(calibration.rowCountPhrase) no p-value is below "
                    + "\(calibration.smallestPValue), so it must lie between that and 1",
                pointer: pointer)
        }
        self.alpha = alpha
    }
}
