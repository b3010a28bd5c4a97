internal import FoundationEssentials

/// The processors that the process may use.
package enum SystemProcessors {
    /// How many threads they keep busy, at least one: those that the process may run on, or as many as its control group
    /// (container, unit of systemd) has the time of, rounded up, where that is less. More threads would use the group's time up
    /// early in each of its periods, and all wait for the next.
    package static let count = count(
        allowed: ProcessInfo.processInfo.activeProcessorCount, limits: ControlGroup().processorLimits)

    static func count(allowed: Int, limits: [Double]) -> Int {
        max(1, limits.reduce(allowed) { min($0, Int($1.rounded(.up))) })
    }
}
