import CPeak
import MADE

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Measures scoring and sampling on one core, one line of standard output for each line of standard input:
///
///     score D HIDDEN,… ACTIVATION ROWS SECONDS   → rows/s, billions of multiply-adds/s over those that the masks leave
///     sample D HIDDEN,… ACTIVATION ROWS SECONDS  → the same of sampling
///     peak                                       → billions of multiply-adds/s that the core can do
///
/// Time is the processor's, not the wall's, so that what else runs on the machine disturbs less. `kernels.py` asks in turn
/// with the peers.
@main
struct KernelBenchmark {
    private var models: [String: CompiledModel] = [:]

    static func main() {
        var benchmark = KernelBenchmark()
        while let line = readLine() {
            guard let answer = benchmark.answer(line.split(separator: " ").map(String.init)) else {
                print("not understood: \(line)")
                exit(2)
            }
            print(answer)
            fflush(nil)
        }
    }

    private mutating func answer(_ words: [String]) -> String? {
        if words == ["peak"] { return "\(peak_multiply_adds_per_second() / 1e9)" }
        guard words.count == 6, let variableCount = Int(words[1]), let activation = Activation(rawValue: words[3]),
            let rowCount = Int(words[4]), let seconds = Double(words[5])
        else { return nil }
        let widths = words[2].split(separator: ",").compactMap { Int($0) }
        let name = words[1...3].joined(separator: " ")
        let model = models[name] ?? CompiledModel(Self.model(variableCount, widths, activation))
        models[name] = model
        let rate: Double
        switch words[0] {
        case "score": rate = Self.scoringRate(model, rowCount: rowCount, seconds: seconds)
        case "sample": rate = Self.samplingRate(model, rowCount: rowCount, seconds: seconds)
        default: return nil
        }
        return "\(rate) \(rate * Double(model.multiplicationsPerRow) / 1e9)"
    }

    /// A network of random weights, its orderings natural, its degrees random.
    private static func model(_ variableCount: Int, _ widths: [Int], _ activation: Activation) -> DensityModel {
        var generator = PhiloxGenerator(seed: 1)
        let sizes = [variableCount] + widths + [variableCount]
        let layers = zip(sizes, sizes.dropFirst()).map { inputs, outputs in
            let span = 4.8 / Float(inputs).squareRoot()
            return MaskedNetwork.Layer(
                weight: Matrix(rows: outputs, columns: inputs) { _, _ in (generator.uniform() - 0.5) * span },
                bias: (0..<outputs).map { _ in generator.uniform() - 0.5 })
        }
        let degrees = widths.map { width in
            (0..<width).map { _ in Int.random(in: 1..<variableCount, using: &generator) }
        }
        return DensityModel(
            name: "random", variables: (0..<variableCount).map { Variable(name: "v\($0)", kind: .binary(.identity)) },
            activation: activation, networks: [MaskedNetwork(layers: layers)],
            members: [Member(network: 0, ordering: .natural(count: variableCount), hiddenDegrees: degrees)])
    }

    private static func scoringRate(_ model: CompiledModel, rowCount: Int, seconds: Double) -> Double {
        var generator = PhiloxGenerator(seed: 2)
        let rows = (0..<rowCount * model.variableCount).map { _ in Float(generator.next() & 1) }
        var logLikelihoods = [Double](repeating: 0, count: rowCount)
        let workspace = model.makeWorkspace()
        return rate(rowCount: rowCount, seconds: seconds) {
            var results = logLikelihoods.mutableSpan
            model.score(rows.span, into: &results, using: workspace)
        }
    }

    private static func samplingRate(_ model: CompiledModel, rowCount: Int, seconds: Double) -> Double {
        let workspace = model.makeWorkspace()
        return rate(rowCount: rowCount, seconds: seconds) {
            _ = model.sample(SamplingRequest(count: rowCount, seed: 3), using: workspace)
        }
    }

    /// Rows a second of `work`, called again and again for `seconds`.
    private static func rate(rowCount: Int, seconds: Double, _ work: () -> Void) -> Double {
        work()
        // So many calls between two looks at the clock that it does not count.
        let callsAtOnce = max(1, 64 / rowCount)
        var calls = 0
        let start = processor_seconds()
        var elapsed = 0.0
        while elapsed < seconds {
            for _ in 0..<callsAtOnce { work() }
            calls += callsAtOnce
            elapsed = processor_seconds() - start
        }
        return Double(calls * rowCount) / elapsed
    }
}
