internal import MADE

/// A result that the inference protocol's clients can ask for.
enum OutputTensor: String, CaseIterable {
    case logLikelihood = "log_likelihood"
    case pValue = "p_value"
    case anomaly
    /// The statistic that the p-value ranks by.
    case score
    case surprisal
    /// Of the log-likelihood, where values are missing.
    case standardError = "standard_error"

    /// The protocol's name of its element type.
    var datatype: String {
        switch self {
        case .logLikelihood, .pValue, .score, .standardError: "FP64"
        case .anomaly: "BOOL"
        case .surprisal: "FP32"
        }
    }

    /// Bytes of one element.
    var elementBytes: Int {
        switch self {
        case .logLikelihood, .pValue, .score, .standardError: 8
        case .anomaly: 1
        case .surprisal: 4
        }
    }

    /// Whether it has one value a row and variable, not one a row.
    var isPerVariable: Bool { self == .surprisal }

    private var needsCalibration: Bool { self == .pValue || self == .anomaly || self == .score }

    /// What a model gives.
    static func all(of card: ModelCard) -> [OutputTensor] {
        allCases.filter { card.calibration != nil || !$0.needsCalibration }
    }

    /// What a request gets that does not choose.
    static func defaults(of card: ModelCard) -> [OutputTensor] {
        all(of: card).filter { !$0.isPerVariable && $0 != .standardError && $0 != .score }
    }
}

/// An output as a request wants it.
struct RequestedOutput {
    var tensor: OutputTensor
    /// As raw bytes after the JSON, not as JSON.
    var isBinary: Bool
}
