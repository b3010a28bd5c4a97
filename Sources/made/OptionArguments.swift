internal import MADE

extension OptionName {
    /// What it is called on the command line.
    var argument: String {
        switch self {
        case .activation: "--activation"
        case .force: "--force"
        case .ignoresUnknown: "--ignore-unknown"
        case .drop: "--drop"
        case .categorical: "--categorical"
        case .real: "--real"
        case .rowsMax: "--rows-max"
        case .hiddenWidths: "--hidden"
        case .memberCount: "--members"
        case .maskCount: "--masks"
        case .epochsMax: "--epochs"
        case .batchRows: "--batch"
        case .learningRate: "--learning-rate"
        case .patienceEpochs: "--patience"
        case .stepCount: "--steps"
        case .componentCount: "--components"
        case .scaleFloor: "--scale-floor"
        case .inputDropout: "--input-dropout"
        case .inputNoise: "--input-noise"
        case .gradientNormMax: "--clip-norm"
        case .trimmedShare: "--trim"
        case .trimmedValueShare: "--trim-values"
        case .strayShare: "--input-strays"
        case .dropout: "--dropout"
        case .weightDecay: "--weight-decay"
        case .l1: "--l1"
        case .validationShare: "--validation-share"
        case .keptRowCount: "--keep-rows"
        case .calibrationShare: "--calibration-share"
        case .foldCount: "--folds"
        case .threadCount: "--threads"
        case .groupColumn: "--groups"
        case .withoutDirect: "--no-direct"
        case .imageWidth: "--image-width"
        case .trialCount: "--search"
        case .secondsMax: "--search-minutes"
        // No option sets them.
        case .inputBound, .reductionCount: rawValue
        }
    }
}

/// An error of the libraries that names options as the command line does.
struct ArgumentError: Error, CustomStringConvertible {
    let description: String

    /// Nil of an error that names none.
    init?(_ error: any Error) {
        guard let error = error as? any NamesOptions else { return nil }
        description = error.description(naming: \.argument)
    }
}
