#if canImport(Glibc)
    internal import Glibc
#endif

/// The memory that the process may use.
package enum SystemMemory {
    /// Bytes of the machine, or of the control group (container, unit of systemd) that the process runs in, where that has
    /// fewer.
    package static let byteCount = controlGroupLimits().reduce(physicalByteCount, min)

    private static var physicalByteCount: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

    /// Of the group and of those around it, version 2 and 1.
    private static func controlGroupLimits() -> [Int] {
        var limits: [Int] = []
        for line in (text(of: "/proc/self/cgroup") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let folder: String
            let name: String
            switch fields[1] {
            case "": (folder, name) = ("/sys/fs/cgroup", "memory.max")
            case "memory": (folder, name) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            default: continue
            }
            var group = fields[2].split(separator: "/")
            while true {
                let path = ([folder] + group.map(String.init) + [name]).joined(separator: "/")
                if let limit = text(of: path).flatMap({ Int($0.prefix { $0 != "\n" }) }) { limits.append(limit) }
                if group.popLast() == nil { break }
            }
        }
        return limits
    }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
