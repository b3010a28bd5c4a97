internal import FoundationEssentials
internal import MADE

/// Our side of every comparison: reads an order a line, runs it, answers with a line of JSON.
///
/// The process lives as long as its standard input, so that both sides of a comparison keep their memory and caches while
/// they take turns.
@main
enum Ours {
    static func main() {
        guard CommandLine.arguments.count == 2 else {
            print(#"{"error": "usage: ours FOLDER, the folder of the models"}"#)
            return
        }
        let library = ModelLibrary(folder: CommandLine.arguments[1])
        var scoring = ScoringRounds(library: library)
        var sampling = SamplingRounds(library: library)
        var cells = CellRounds(library: library)
        var multiplying = MultiplyingRounds()
        while let line = readLine() {
            do {
                let answer =
                    switch try JSONDecoder().decode(Order.self, from: Data(line.utf8)) {
                    case .prepare(let model): try library.prepare(model)
                    case .check(let model): try scoring.check(model)
                    case .score(let model, let batch, let workers, let seconds, let halves):
                        try scoring.run(
                            model, weights: halves == true ? .fp16 : .fp32, batch: batch, workerCount: workers,
                            seconds: seconds)
                    case .sample(let model, let count, let known, let seconds):
                        try sampling.run(model, count: count, known: known, seconds: seconds)
                    case .gain(let model, let whole, let seconds):
                        try cells.run(model, whole: whole, seconds: seconds)
                    case .multiply(let seconds): multiplying.run(seconds: seconds)
                    case .differentiate(let model, let count): try library.differentiate(model, count: count)
                    case .train(let variables, let hidden, let batch, let threads):
                        try TrainingRounds.run(
                            variableCount: variables, hiddenWidths: hidden, batchRows: batch, threadCount: threads)
                    }
                try write(answer)
            } catch {
                write(error: "\(error)")
            }
        }
    }

    private static func write(_ answer: Answer) throws {
        print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
        flushStandardOutput()
    }

    private static func write(error: String) {
        let quoted = (try? JSONEncoder().encode(["error": error])).map { String(decoding: $0, as: UTF8.self) }
        print(quoted ?? #"{"error": "an error that is not text"}"#)
        flushStandardOutput()
    }
}

/// What the driver asks for; `seconds` is how much processor time a round should take.
enum Order: Decodable {
    /// Writes the model and its rows, where they are not there.
    case prepare(model: String)
    /// The mean log-likelihood of the model's first rows, to be compared with the other side's.
    case check(model: String)
    case score(model: String, batch: Int, workers: Int, seconds: Double, halves: Bool?)
    case sample(model: String, count: Int, known: Int, seconds: Double)
    /// Gains of all variables of a row, or with `whole` the scores of the rows that they compare.
    case gain(model: String, whole: Bool, seconds: Double)
    /// Fused multiply-adds in registers.
    case multiply(seconds: Double)
    /// Writes the gradient at the model's first `count` rows, as a checkpoint with derivatives for parameters.
    case differentiate(model: String, count: Int)
    case train(variables: Int, hidden: [Int], batch: Int, threads: Int)
}

/// What a round did.
struct Answer: Encodable {
    /// Rows scored, drawn or trained on; fused multiply-adds of `multiply`.
    var units = 0
    /// Time it took, seconds.
    var wall = 0.0
    /// Processor time of one thread's work, seconds.
    var cpu = 0.0
    /// The mean log-likelihood that `check` asks for, nats.
    var mean: Double?
    /// Multiplications that the masks leave for one row.
    var multiplications: Int?
    /// Bytes of weights that scoring the batch reads at most.
    var weightBytes: Int?
}
