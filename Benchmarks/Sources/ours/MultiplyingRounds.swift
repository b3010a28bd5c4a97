internal import CPeak

/// Rounds of nothing but fused multiply-adds: what a kernel's speed is a share of.
struct MultiplyingRounds {
    private var pace = Pace()
    /// Keeps the work from being left out as useless.
    private(set) var sum: Float = 0

    mutating func run(seconds: Double) -> Answer {
        var sum = sum
        defer { self.sum = sum }
        return pace.run("multiply", seconds: seconds, unitCount: Int(peak_multiplications())) { turnCount in
            sum += peak_run(UInt64(turnCount))
        }
    }
}
