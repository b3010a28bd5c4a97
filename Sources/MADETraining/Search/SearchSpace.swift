internal import Glibc
internal import MADE
internal import MADERows

/// An option that a search of settings varies; its name on the command line.
///
/// Members are not among them: averaging more networks only ever helps, and what it may cost is not for a search to say.
/// Nor is the scale floor: where values repeat, the likelihood of a column of numbers grows without bound as it falls. Nor
/// are shares of rows and trimming, under which likelihoods are of different rows.
public enum SearchedOption: String, Sendable, CaseIterable {
    case hidden, residual, components, steps, dropout, l1
    case learningRate = "learning-rate"
    case inputDropout = "input-dropout"
    case inputNoise = "input-noise"
    case weightDecay = "weight-decay"
    case directL1 = "direct-l1"
}

/// The settings that a search tries: random ones (Bergstra and Bengio 2012) around those that are known to suit tables of
/// the kind.
///
/// Each option is left alone with probability 1/2, else drawn from a range around its default, on a logarithmic scale where
/// it is a size or a strength. A draw depends on the seed, its number and the option, and on nothing else: to fix an option
/// does not change what is drawn for others, to ask for more trials does not change the first.
struct SearchSpace {
    private let base: TrainingOptions
    private let free: Set<SearchedOption>
    private let rowCount: Int

    /// Streams of the seed that draws of settings use, far from those of a training.
    private static let streams: UInt64 = 1 << 33
    private static let keptShare: Float = 0.5
    /// Share of the draws of a penalty that are none at all.
    private static let noneShare: Float = 0.3
    private static let widthMax = 1000

    /// The space around `base`, without what is `fixed` or has no effect on `rowCount` rows of `schema`.
    init(base: TrainingOptions, fixed: Set<SearchedOption>, schema: TableSchema, rowCount: Int) {
        self.base = base
        self.rowCount = rowCount
        var free = Set(SearchedOption.allCases).subtracting(fixed)
        if !schema.hasNumbers { free.subtract([.components, .inputNoise]) }
        if base.decay != .cosine { free.remove(.steps) }
        if !base.isDirect { free.remove(.directL1) }
        if base.hiddenWidths.isEmpty { free.subtract([.hidden, .residual, .dropout]) }
        self.free = free
    }

    /// Up to `count` settings, all different, the first being `base`; fewer where there are not so many.
    func settings(count: Int) -> [TrainingOptions] {
        var settings = [base]
        var attempt: UInt64 = 0
        while settings.count < count && attempt < 100 * UInt64(count) {
            let options = drawn(attempt)
            if !settings.contains(options) { settings.append(options) }
            attempt += 1
        }
        return settings
    }

    private func drawn(_ attempt: UInt64) -> TrainingOptions {
        var options = base
        for (index, option) in SearchedOption.allCases.enumerated() where free.contains(option) {
            let stream = Self.streams + attempt * UInt64(SearchedOption.allCases.count) + UInt64(index)
            var generator = PhiloxGenerator(seed: base.seed, stream: stream)
            if generator.uniform() < Self.keptShare { continue }
            draw(option, &options, &generator)
        }
        // Nothing is added to a single layer.
        if zip(options.hiddenWidths, options.hiddenWidths.dropFirst()).allSatisfy({ $0 != $1 }) {
            options.isResidual = base.isResidual
        }
        return options
    }

    private func draw(_ option: SearchedOption, _ options: inout TrainingOptions, _ generator: inout PhiloxGenerator) {
        func around(_ value: Float, by factor: Float) -> Float {
            Self.draw(from: value / factor, to: value * factor, &generator)
        }
        func penalty(from low: Float, to high: Float) -> Float {
            generator.uniform() < Self.noneShare ? 0 : Self.draw(from: low, to: high, &generator)
        }
        switch option {
        case .hidden:
            let layerCount = Int.random(in: 1...base.hiddenWidths.count + 1, using: &generator)
            let width = base.hiddenWidths[0]
            let widest = max(width, min(4 * width, Self.widthMax))
            let drawn = Self.draw(from: max(Float(width) / 4, 8), to: Float(widest), &generator)
            options.hiddenWidths = Array(repeating: Int(drawn.rounded()), count: layerCount)
        case .residual: options.isResidual = Bool.random(using: &generator)
        case .components:
            let count = base.componentCount(rowCount: rowCount)
            options.componentCount = min(max(Int(around(Float(count), by: 2).rounded()), 2), 64)
        case .steps: options.stepCount = Int(around(Float(base.steps(rowCount: rowCount)), by: 2).rounded())
        case .dropout: options.dropout = penalty(from: 0.05, to: 0.5)
        case .l1: options.l1 = penalty(from: 0.03, to: 1.5)
        case .learningRate: options.learningRate = min(around(base.learningRate, by: 4), 1)
        case .inputDropout: options.inputDropout = penalty(from: 0.02, to: 0.3)
        case .inputNoise:
            options.inputNoise = around(max(base.inputNoise(rowCount: rowCount), 0.01), by: 3)
        case .weightDecay: options.weightDecay = penalty(from: 1e-3, to: 0.3)
        case .directL1: options.directL1 = penalty(from: 0.03, to: 3)
        }
    }

    /// Uniform on a logarithmic scale, with two digits: settings are for people to read and to type.
    private static func draw(from low: Float, to high: Float, _ generator: inout PhiloxGenerator) -> Float {
        let value = Double(low) * pow(Double(high / low), Double(generator.uniform()))
        let unit = pow(10, floor(log10(value)) - 1)
        // A division by a power of ten above 1 is exact where a product with one below is not.
        return Float(unit < 1 ? (value / unit).rounded() / (1 / unit).rounded() : (value / unit).rounded() * unit)
    }
}
