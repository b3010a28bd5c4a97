import Glibc
import MADETraining
import Synchronization

/// The progress of a training on standard error: one line rewritten in place on a terminal, else a line now and then.
final class ProgressLine: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var width = 0
    }

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    /// Shows `progress`, unless the last was just shown; the last epoch of a member always is.
    func show(_ progress: TrainingProgress) {
        state.withLock { state in
            guard isDue(&state, orIf: progress.isLast) else { return }
            if isTerminal {
                rewrite(Self.text(progress, width: Self.terminalWidth), &state)
            } else {
                Output.progress(Self.text(progress) + "\n")
            }
        }
    }

    /// Shows `progress` of one of several trainings, `title`, on a terminal.
    func rewrite(_ progress: TrainingProgress, of title: String) {
        guard isTerminal else { return }
        state.withLock { state in
            if isDue(&state, orIf: false) {
                rewrite(Self.text(progress, of: title, width: Self.terminalWidth), &state)
            }
        }
    }

    /// Writes a line that stays, over the one that is rewritten.
    func note(_ line: String) {
        state.withLock { state in
            if isTerminal { rewrite("", &state) }
            Output.note(isTerminal ? "\r\(line)" : line)
            state.width = 0
        }
    }

    /// Ends the line that is rewritten.
    func end() {
        if isTerminal { Output.note("") }
    }

    private func isDue(_ state: inout State, orIf isLast: Bool) -> Bool {
        let pause = isTerminal ? Duration.milliseconds(100) : .seconds(5)
        let now = ContinuousClock.now
        if let last = state.lastShown, now - last < pause, !isLast { return false }
        state.lastShown = now
        return true
    }

    private func rewrite(_ line: String, _ state: inout State) {
        Output.progress("\r\(line)" + String(repeating: " ", count: max(0, state.width - line.count)))
        state.width = line.count
    }

    /// A line that is rewritten in place must not wrap: the cursor would go back to the start of its last part only.
    private static var terminalWidth: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return widthMax }
        return Int(size.ws_col) - 1
    }

    /// Characters of a line where nobody says how many there is room for.
    private static let widthMax = 79

    /// In at most `width` characters, as far as that is possible: what tells least is left out.
    static func text(_ progress: TrainingProgress, of title: String? = nil, width: Int = widthMax) -> String {
        func nats(_ name: String, _ value: Double?) -> String? { value.map { "\(name) \(decimal($0, 3))" } }
        // Where there is no room for all, the highest rank is left out first, and 0 never.
        let parts: [(text: String?, rank: Int)] = [
            (title, 0), ("member \(progress.member)/\(progress.memberCount)", 0), ("epoch \(progress.epoch)", 3),
            (nats("train", progress.trainNats), 4), (nats("valid", progress.validationNats), 2),
            (nats("best", progress.bestValidationNats), 1), ("\(short(progress.rowsPerSecond)) rows/s", 5),
            ("\(Int(progress.secondsLeft.rounded(.up))) s left", 0),
        ]
        func line(_ rankMax: Int) -> String {
            parts.filter { $0.rank <= rankMax }.compactMap(\.text).joined(separator: "  ")
        }
        return (1...5).reversed().lazy.map(line).first { $0.count <= width } ?? line(0)
    }

    /// Few digits of a number, with k for thousands and M for millions.
    private static func short(_ value: Double) -> String {
        guard value >= 1000 else { return decimal(value, 1) }
        return value < 1_000_000 ? "\(decimal(value / 1000, 1))k" : "\(decimal(value / 1_000_000, 1))M"
    }

    /// `value` with `places` digits, at least one, after the point.
    static func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite && abs(value) < 1e12 else { return "\(value)" }
        let scale = (0..<places).reduce(1) { product, _ in product * 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(scaled / scale).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
    }
}
