#if canImport(Glibc)
    internal import Glibc
#endif

/// What the control groups allow that a process runs in (container, unit of systemd), versions 1 and 2.
struct ControlGroup {
    /// Where the groups' files lie.
    var root = "/sys/fs/cgroup"
    /// The groups of the process, as `/proc/self/cgroup` has them.
    var membership = Self.text(of: "/proc/self/cgroup") ?? ""

    /// Bytes of memory of the group and of those around it, as far as they have limits.
    var memoryLimits: [Int] {
        folders(of: "memory").compactMap { folder, isUnified in
            Self.text(of: "\(folder)/\(isUnified ? "memory.max" : "memory.limit_in_bytes")").flatMap(Self.number)
        }
    }

    /// Processors' worth of time, likewise.
    var processorLimits: [Double] {
        folders(of: "cpu").compactMap { folder, isUnified in
            let texts: [Substring]
            if isUnified {
                texts = (Self.text(of: "\(folder)/cpu.max") ?? "").split(separator: " ")
            } else {
                texts = ["quota", "period"].compactMap { Self.text(of: "\(folder)/cpu.cfs_\($0)_us").map { $0[...] } }
            }
            let numbers = texts.compactMap(Self.number)
            // A quota of −1, or "max", is none.
            guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
            return Double(numbers[0]) / Double(numbers[1])
        }
    }

    /// The folders of the group and of those around it, from the innermost, and whether they are of version 2.
    private func folders(of controller: String) -> [(folder: String, isUnified: Bool)] {
        var folders: [(String, Bool)] = []
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isUnified = fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains(controller[...]) else { continue }
            var group = [isUnified ? root : "\(root)/\(controller)"] + fields[2].split(separator: "/").map(String.init)
            while !group.isEmpty {
                folders.append((group.joined(separator: "/"), isUnified))
                group.removeLast()
            }
        }
        return folders
    }

    /// The number that a file's text begins with.
    private static func number(_ text: some StringProtocol) -> Int? { Int(text.prefix { $0 != "\n" }) }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
