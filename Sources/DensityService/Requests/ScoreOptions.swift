internal import CRowScanner
internal import MADE

/// What a score request asks for beside its rows.
struct ScoreOptions: Equatable {
    /// How many variables of largest surprisal are named a row; nil: none asked for.
    var explain: Int?
    /// All surprisals are wanted.
    var perVariable = false
    /// The share of normal rows that may be called anomalies; nil where the model has no calibration.
    var alpha: Double?
    /// How missing values are integrated out.
    var missing = MissingValues()
    /// A faulty row spoils its own answer only.
    var keepsGoodRows = false
    /// The answer is a line a row; nil: one JSON document.
    var lines: LineFormat?

    /// Whether the model must say what each variable contributes.
    var needsSurprisals: Bool { explain != nil || perVariable }

    static let particlesRange = 1...65536
    /// Parameters of the query; a field of a body wins.
    static let queryNames = ["alpha"]
    static let names = ["explain", "per_variable", "alpha", "particles", "seed", "on_error"]

    /// The defaults for a model; `alpha` of the service is raised to what the model's calibration can reach.
    init(calibration: Calibration?, alpha: Double) {
        self.alpha = calibration.map { max(alpha, $0.smallestPValue) }
    }

    /// Reads the query.
    mutating func read(_ query: [(name: String, value: String)], card: ModelCard) throws(Problem) {
        for (name, value) in query where name == "alpha" {
            guard let alpha = decimalNumber(value) else {
                throw Problem(400, "'alpha' is \(quoted(value)); it must be a number")
            }
            try set(alpha: alpha, calibration: card.calibration, pointer: nil)
        }
    }

    /// Reads the fields that a scan handed back.
    mutating func read(_ scan: made_scan, card: ModelCard) throws(Problem) {
        let fields = try OptionReader(scan, names: Self.names, rowsMember: "rows")
        if let explain = try fields.value("explain", Int.self, mustBe: "a whole number") {
            guard (0...card.variables.count).contains(explain) else {
                throw Problem(
                    422, "'explain' is \(explain); it must be 0 to \(card.variables.count), the number of variables",
                    pointer: "/explain")
            }
            self.explain = explain
        }
        perVariable = try fields.value("per_variable", mustBe: "true or false") ?? false
        if let alpha = try fields.value("alpha", Double.self, mustBe: "a number") {
            try set(alpha: alpha, calibration: card.calibration, pointer: "/alpha")
        }
        if let particles = try fields.value("particles", Int.self, mustBe: "a whole number") {
            let range = Self.particlesRange
            guard range.contains(particles) else {
                throw Problem(
                    422, "'particles' is \(particles); it must be \(range.lowerBound) to \(range.upperBound)",
                    pointer: "/particles")
            }
            missing.particles = particles
        }
        if let seed = try fields.value("seed", UInt64.self, mustBe: "a whole number below 2^64") {
            missing.seed = seed
        }
        switch try fields.value("on_error", String.self, mustBe: "a string") {
        case nil, "request": keepsGoodRows = false
        case "row": keepsGoodRows = true
        case let other?:
            throw Problem(
                422, "'on_error' is \(quoted(other)); it must be \"request\" or \"row\"", pointer: "/on_error")
        }
    }

    private mutating func set(alpha: Double, calibration: Calibration?, pointer: String?) throws(Problem) {
        guard let calibration else {
            throw Problem(
                422, "the model has no calibration, so 'alpha' has no meaning; leave it out", pointer: pointer)
        }
        guard alpha <= 1, alpha >= calibration.smallestPValue else {
            throw Problem(
                422,
                "'alpha' is \(alpha); with \(calibration.logLikelihoods.count) calibration rows no p-value is below "
                    + "\(calibration.smallestPValue), so it must lie between that and 1",
                pointer: pointer)
        }
        self.alpha = alpha
    }
}
