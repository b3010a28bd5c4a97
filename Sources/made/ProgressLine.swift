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
        let pause = isTerminal ? Duration.milliseconds(100) : .seconds(5)
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastShown, now - last < pause, !progress.isLast { return }
            state.lastShown = now
            let line = Self.text(progress)
            if isTerminal {
                let rest = String(repeating: " ", count: max(0, state.width - line.count))
                Output.rewrite(line + rest)
                state.width = line.count
            } else {
                Output.note(line)
            }
        }
    }

    /// Ends the line that is rewritten.
    func end() {
        if isTerminal { Output.note("") }
    }

    private static func text(_ progress: TrainingProgress) -> String {
        """
        member \(progress.member)/\(progress.memberCount)  epoch \(progress.epoch)  \
        train \(decimal(progress.trainNats, 3))  valid \(decimal(progress.validationNats, 3))  \
        best \(decimal(progress.bestValidationNats, 3))  \(Int(progress.rowsPerSecond)) rows/s  \
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
