/// What callers of the libraries choose and errors tell them to choose otherwise, by its name in Swift.
///
/// Where people reach the libraries by other ways, such as a command line, it has another name there.
package enum OptionName: String, CaseIterable, Sendable {
    // Of models that are read.
    case activation
    // Of files that are written; not every function that writes one has it, so that Swift has no name for it.
    case force = ""
    // Of rows that are read.
    case ignoresUnknown
    // Of a table's columns: `SchemaOptions`.
    case drop = "the choice .drop"
    case categorical = "the choice .categorical for"
    case real = "the choice .real for"
    case rowsMax
    // `TrainingOptions`.
    case hiddenWidths, memberCount, maskCount, epochsMax, batchRows, learningRate, patienceEpochs, stepCount
    case componentCount, scaleFloor, inputBound, inputDropout, inputNoise, gradientNormMax, trimmedShare
    case trimmedValueShare, strayShare, reductionCount, dropout, weightDecay, l1, validationShare, keptRowCount
    case calibrationShare, foldCount, threadCount, groupColumn
    case withoutDirect = "isDirect = false"
    // Of one training, and of a search.
    case imageWidth, trialCount, secondsMax
}

/// An error whose sentence names options.
package protocol NamesOptions: Error {
    /// One sentence, in which `name` says what an option is called.
    func description(naming name: (OptionName) -> String) -> String
}
