internal import MADE

/// A result that the inference protocol's clients can ask for.
enum OutputTensor: String, CaseIterable {
    case logLikelihood = "log_likelihood"
    case pValue = "p_value"
    case anomaly
    /// The statistic that the p-value ranks by.
    case score
    case surprisal
    /// What the row would gain if the column were right, nats.
    case gain
    /// How rare such a gain is in the column.
    case cellPValue = "cell_p_value"
    /// Of the log-likelihood, where values are missing.
    case standardError = "standard_error"
    /// How many calibration rows the row is compared with.
    case calibrationRows = "calibration_rows"
    /// The group that the row's p-value is read from; no text of the rest. Of a model with groups.
    case group

    /// The protocol's name of its element type.
    var datatype: String {
        switch self {
        case .logLikelihood, .pValue, .score, .gain, .cellPValue, .standardError: "FP64"
        case .anomaly: "BOOL"
        case .surprisal: "FP32"
        case .calibrationRows: "INT64"
        case .group: "BYTES"
        }
    }

    /// Bytes of one element; of a text those of its length.
    var elementBytes: Int {
        switch self {
        case .logLikelihood, .pValue, .score, .gain, .cellPValue, .standardError, .calibrationRows: 8
        case .anomaly: 1
        case .surprisal, .group: 4
        }
    }

    /// Whether it has one value a row and column, not one a row.
    var isPerColumn: Bool { self == .surprisal || isOfGains }
    /// Whether the gains of a row's cells must be known for it.
    var isOfGains: Bool { self == .gain || self == .cellPValue }

    /// What a model gives.
    static func all(of card: ModelCard) -> [OutputTensor] {
        allCases.filter { tensor in
            switch tensor {
            case .pValue, .anomaly, .score, .calibrationRows: card.calibration != nil
            case .group: card.calibration?.groups != nil
            case .cellPValue: card.calibration?.gains != nil
            case .logLikelihood, .surprisal, .gain, .standardError: true
            }
        }
    }

    /// What a request gets that does not choose.
    static func defaults(of card: ModelCard) -> [OutputTensor] {
        all(of: card).filter { [.logLikelihood, .pValue, .anomaly, .group].contains($0) }
    }
}

/// An output as a request wants it.
struct RequestedOutput {
    var tensor: OutputTensor
    /// As raw bytes after the JSON, not as JSON.
    var isBinary: Bool
}
