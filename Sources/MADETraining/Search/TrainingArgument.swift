internal import MADE

/// One training option as text: what it is called on the command line, and its value.
struct TrainingArgument: Sendable, Equatable {
    /// Without the dashes.
    let name: String
    /// `yes` or `no` of a switch; the value that follows from the rows is `by rows`.
    let text: String
    private let isSwitch: Bool

    fileprivate init(_ name: String, _ value: some CustomStringConvertible) {
        self.name = name
        text = value.description
        isSwitch = false
    }

    fileprivate init(_ name: String, byRowsUnless value: (some CustomStringConvertible)?) {
        self.name = name
        text = value?.description ?? "by rows"
        isSwitch = false
    }

    fileprivate init(_ name: String, isOn: Bool) {
        self.name = name
        text = isOn ? "yes" : "no"
        isSwitch = true
    }

    /// As `made train` takes it.
    var words: [String] {
        isSwitch ? [text == "yes" ? "--\(name)" : "--no-\(name)"] : ["--\(name)", text]
    }
}

extension TrainingOptions {
    /// All options that the trained weights follow from, in the order of `made train --help`. Numbers read back as the same
    /// bits.
    var arguments: [TrainingArgument] {
        [
            .init("hidden", hiddenWidths.isEmpty ? "0" : hiddenWidths.map(String.init).joined(separator: ",")),
            .init("activation", activation.rawValue),
            .init("direct", isOn: isDirect),
            .init("residual", isOn: isResidual),
            .init("components", byRowsUnless: componentCount),
            .init("scale-floor", byRowsUnless: scaleFloor),
            .init("input-bound", inputBound),
            .init("robust", isOn: isRobust),
            .init("logarithms", isOn: choosesEncodings),
            .init("members", memberCount),
            .init("masks", maskCount),
            .init("seed", seed),
            .init("schedule", decay.rawValue),
            .init("epochs", byRowsUnless: epochsMax),
            .init("steps", byRowsUnless: stepCount),
            .init("batch", batchRows),
            .init("learning-rate", learningRate),
            .init("patience", patienceEpochs),
            .init("reductions", reductionCount),
            .init("dropout", dropout),
            .init("input-dropout", inputDropout),
            .init("input-noise", byRowsUnless: inputNoise),
            .init("clip-norm", gradientNormMax),
            .init("trim", trimmedShare),
            .init("trim-values", trimmedValueShare),
            .init("input-strays", strayShare),
            .init("weight-decay", weightDecay),
            .init("l1", l1),
            .init("direct-l1", directL1),
            .init("validation-share", validationShare),
            .init("calibration-share", calibrationShare),
            .init("keep-rows", keptRowCount),
            .init("groups", groupColumn ?? "none"),
            .init("folds", foldCount),
        ]
    }

    /// What has to be written behind a command that has `base` for this to be its options.
    func words(besides base: TrainingOptions) -> [String] {
        zip(arguments, base.arguments).flatMap { $0 == $1 ? [] : $0.words }
    }
}
