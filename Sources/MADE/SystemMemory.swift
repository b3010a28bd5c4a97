#if canImport(Glibc)
    internal import Glibc
#endif

/// The memory that the process may use.
package enum SystemMemory {
    /// Bytes of the machine, or of the control group (container, unit of systemd) that the process runs in, where that has
    /// fewer.
    package static let byteCount = ControlGroup().memoryLimits.reduce(physicalByteCount, min)

    private static var physicalByteCount: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
}
