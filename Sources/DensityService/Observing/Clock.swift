internal import Glibc

/// Nanoseconds of the monotonic clock.
func monotonicNanoseconds() -> UInt64 {
    nanoseconds(of: CLOCK_MONOTONIC)
}

/// Nanoseconds from one moment to another; 0 where the other turns out to be the earlier, as it may between two threads.
func nanoseconds(from start: UInt64, to end: UInt64) -> UInt64 {
    end > start ? end - start : 0
}

/// Nanoseconds since 1970, UTC.
func wallNanoseconds() -> UInt64 {
    nanoseconds(of: CLOCK_REALTIME)
}

/// Processor time of this process, nanoseconds.
func processorNanoseconds() -> UInt64 {
    nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID)
}

private func nanoseconds(of clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// `2026-11-22T20:02:54` of seconds since 1970, UTC.
func timestamp(seconds: UInt64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let two = { (value: Int32) in value < 10 ? "0\(value)" : "\(value)" }
    return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
}
