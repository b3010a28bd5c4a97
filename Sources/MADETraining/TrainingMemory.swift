internal import MADE

/// The memory that a training takes at its peak: what grows with its networks, and the encoded rows.
struct TrainingMemory: Equatable {
    /// Parameters of one network, masked ones included, and those without the direct connections that are never there, which
    /// a network has that is trained.
    let parameterCount: Int
    let trainedCount: Int
    /// Arrays of as many that a network has while it is trained: parameters, what is put aside of them for a look, gradient,
    /// two moments, the average, the best so far and each mask; at the end what is kept, twice. Several masks that share
    /// weights have two more, and their coverage.
    let copyCount: Int
    /// Activations of a batch and their derivatives, floats.
    let activationCount: Int
    /// Networks that are held until the end, those of folds among them, and how many of them are served.
    let networkCount: Int
    let servedCount: Int
    /// Of the rows of all fits.
    let tableBytes: Int

    /// Of the training of `fits`; precondition: at least one.
    init(_ fits: [EnsembleFit]) {
        let cells = fits.reduce(0) { sum, fit in
            let rowCount = fit.train.rowCount + fit.validation.rowCount + (fit.calibration?.rowCount ?? 0)
            return sum + rowCount * fit.variables.count
        }
        // As the table has it, and encoded.
        self.init(
            fits[0].variables, fits[0].options, fitCount: fits.count,
            tableBytes: cells * (MemoryLayout<Double>.size + MemoryLayout<Float>.size))
    }

    private init(_ variables: [Variable], _ options: TrainingOptions, fitCount: Int, tableBytes: Int) {
        let inputCount = variables.reduce(0) { $0 + $1.inputUnitCount }
        var outputCount = 0
        var directCount = 0
        for variable in variables {
            guard case .real(let encoding) = variable.kind else {
                outputCount += variable.outputUnitCount
                directCount += variable.outputUnitCount
                continue
            }
            let count = options.componentCount ?? encoding.componentCount
            outputCount += variable.classCount + 3 * count
            directCount += variable.classCount + count
        }
        let widths = [inputCount] + options.hiddenWidths + [outputCount]
        parameterCount = ParameterPlan.count(
            widths: widths, directOutputCount: options.isDirect ? outputCount : 0)
        trainedCount = ParameterPlan.count(widths: widths, directOutputCount: options.isDirect ? directCount : 0)
        copyCount = options.maskCount == 1 ? 10 : 12 + options.maskCount
        activationCount =
            max(options.batchRows, MemberTraining.validationBatchRows)
            * (inputCount + outputCount + (options.isDirect ? directCount : 0) + 2 * options.hiddenWidths.reduce(0, +)
                + (options.hiddenWidths.max() ?? 0))
        networkCount = fitCount * options.memberCount
        servedCount = options.memberCount
        self.tableBytes = tableBytes
    }

    /// Bytes with so many networks trained side by side: then, or in the end, when those that are served are compiled and
    /// written.
    func byteCount(threadCount: Int) -> Int {
        let training = min(threadCount, networkCount) * (copyCount * trainedCount + activationCount)
        let ending = 2 * servedCount * parameterCount
        return (networkCount * parameterCount + max(training, ending)) * MemoryLayout<Float>.size + tableBytes
    }

    /// How many of `options.threadCount` networks may be trained side by side in the memory there is: the model is the same.
    ///
    /// - Throws: `TrainingError.memory` where not even one may.
    static func threadCount(
        of fits: [EnsembleFit], _ options: TrainingOptions, bytesMax: Int
    ) throws(TrainingError) -> Int {
        let memory = TrainingMemory(fits)
        let counts = (1...max(1, min(options.threadCount, memory.networkCount))).reversed()
        if let count = counts.first(where: { memory.byteCount(threadCount: $0) <= bytesMax }) { return count }
        func byteCount(_ changes: [TrainingError.MemoryRemedy.Change]) -> Int {
            let options = changes.reduce(into: options) { $1.apply(to: &$0) }
            return TrainingMemory(
                fits[0].variables, options, fitCount: fits.count, tableBytes: memory.tableBytes
            ).byteCount(threadCount: 1)
        }
        let needed = memory.byteCount(threadCount: 1)
        let useful = TrainingError.MemoryRemedy.Change.allCases.filter { byteCount([$0]) < needed }
        func fitting(_ choices: [[TrainingError.MemoryRemedy.Change]]) -> [TrainingError.MemoryRemedy] {
            choices.map { .init(changes: $0, byteCount: byteCount($0)) }.filter { $0.byteCount <= bytesMax }
        }
        let each = fitting(useful.map { [$0] })
        throw .memory(
            needed: needed, available: bytesMax, arithmetic: memory.arithmetic,
            remedies: each.isEmpty ? fitting([useful]) : each)
    }

    /// How the bytes of one network trained at a time come about.
    private var arithmetic: String {
        let isEndLarger = 2 * servedCount * parameterCount > copyCount * trainedCount + activationCount
        let work =
            isEndLarger
            ? "\(2 * servedCount) copies to be written"
            : "\(copyCount) copies of \(trainedCount) in training"
        return "4 bytes × (\(networkCount) networks of \(parameterCount) parameters + \(work)) + "
            + "\(Self.gigabytes(activationCount * 4 + tableBytes)) of rows"
    }

    /// `bytes` with one digit behind the point.
    static func gigabytes(_ bytes: Int) -> String {
        let tenths = (bytes + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10) GB"
    }
}
