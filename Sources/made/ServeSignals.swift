internal import Dispatch
internal import Glibc

/// SIGTERM and SIGINT: the first asks for an orderly stop, the next ends at once; where the stop is delayed, the second
/// ends the delay and the third the process. SIGHUP: read the files again.
///
/// Nothing else may change the signals' disposition: Dispatch has installed a handler of its own, and with
/// `signal(SIGTERM, SIG_IGN)`, as other systems want it, Linux throws signals away.
final class ServeSignals {
    private let asked = DispatchSemaphore(value: 0)
    private let askedAgain = DispatchSemaphore(value: 0)
    private let queue = DispatchQueue(label: "made.signals")
    private let sources: [any DispatchSourceSignal]
    private let hangUps: HangUps

    /// What SIGHUP does.
    ///
    /// `@unchecked Sendable`: touched on the signals' queue only.
    private final class HangUps: @unchecked Sendable {
        var work: (@Sendable () -> Void)?
        /// One came before there was anything to do.
        var isDue = false
    }

    /// Returns when the signals can no longer kill the process: make one before anything listens.
    ///
    /// - Parameter delaysStop: a second signal is waited for with `waitForSecondStop`.
    init(delaysStop: Bool) {
        let registered = DispatchSemaphore(value: 0)
        let (asked, askedAgain) = (asked, askedAgain)
        let hangUps = HangUps()
        self.hangUps = hangUps
        // Touched on `queue` only.
        nonisolated(unsafe) var count = 0
        let stop: @Sendable () -> Void = {
            count += 1
            switch count {
            case 1: asked.signal()
            case 2 where delaysStop: askedAgain.signal()
            default: _exit(1)
            }
        }
        let hangUp: @Sendable () -> Void = {
            if let work = hangUps.work { work() } else { hangUps.isDue = true }
        }
        sources = [(SIGTERM, stop), (SIGINT, stop), (SIGHUP, hangUp)].map { [queue] number, handler in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setRegistrationHandler { registered.signal() }
            source.setEventHandler(handler: handler)
            source.resume()
            return source
        }
        for _ in sources { registered.wait() }
    }

    /// Says what SIGHUP does from now on; one that came earlier is made good.
    func onHangUp(_ work: @escaping @Sendable () -> Void) {
        queue.async { [hangUps] in
            hangUps.work = work
            if hangUps.isDue { work() }
            hangUps.isDue = false
        }
    }

    /// Blocks until SIGTERM or SIGINT has come.
    func waitForStop() { asked.wait() }

    /// Blocks until one of them has come for the second time, at most so long.
    func waitForSecondStop(seconds: Double) {
        _ = askedAgain.wait(timeout: .now() + seconds)
    }
}
