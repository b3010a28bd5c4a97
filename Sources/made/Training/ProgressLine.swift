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
                rewrite(Self.text(progress), &state)
            } else {
                Output.progress(Self.text(progress) + "\n")
            }
        }
    }

    /// Shows `progress` of one of several trainings, `title`, on a terminal.
    func rewrite(_ progress: TrainingProgress, of title: String) {
        guard isTerminal else { return }
        state.withLock { state in
            if isDue(&state, orIf: false) { rewrite("\(title)  \(Self.text(progress))", &state) }
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

    private static func text(_ progress: TrainingProgress) -> String {
        let looks = [("valid", progress.validationNats), ("best", progress.bestValidationNats)]
        let validation = looks.map { name, nats in nats.map { "  \(name) \(decimal($0, 3))" } ?? "" }.joined()
        return """
            member \(progress.member)/\(progress.memberCount)  epoch \(progress.epoch)  \
            train \(decimal(progress.trainNats, 3))\(validation)  \(Int(progress.rowsPerSecond)) rows/s  \
            \(Int(progress.secondsLeft.rounded(.up))) s left
            """
    }

    /// `value` with `places` digits after the point.
    static func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite && abs(value) < 1e12 else { return "\(value)" }
        let scale = (0..<places).reduce(1) { product, _ in product * 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(scaled / scale).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
    }
}
