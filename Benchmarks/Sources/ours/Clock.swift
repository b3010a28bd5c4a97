internal import Glibc

/// A point in time, by the wall and by the processor time that this process has used.
struct Instant {
    private let wall = seconds(CLOCK_MONOTONIC)
    private let cpu = seconds(CLOCK_PROCESS_CPUTIME_ID)

    /// What has passed since, as the time of `units`.
    func answer(units: Int) -> Answer {
        Answer(units: units, wall: seconds(CLOCK_MONOTONIC) - wall, cpu: seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu)
    }
}

func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Sends what was printed to whoever waits for it at the other end of the pipe.
func flushStandardOutput() {
    fflush(nil)
}

/// How often each kind of call fits into a round: found once, so that all rounds of a kind do the same work.
struct Pace {
    private var callCounts: [String: Int] = [:]

    /// Repeats `call` for about `seconds` of processor time; `unitCount` is what one call does.
    mutating func run(_ kind: String, seconds: Double, unitCount: Int, call: (_ count: Int) -> Void) -> Answer {
        var callCount = callCounts[kind] ?? 1
        while callCounts[kind] == nil {
            let start = Instant()
            call(callCount)
            let cpu = start.answer(units: 0).cpu
            if cpu > seconds / 4 {
                callCounts[kind] = max(1, Int(Double(callCount) * seconds / cpu))
            } else {
                callCount *= 2
            }
        }
        callCount = callCounts[kind] ?? callCount
        let start = Instant()
        call(callCount)
        return start.answer(units: callCount * unitCount)
    }
}
