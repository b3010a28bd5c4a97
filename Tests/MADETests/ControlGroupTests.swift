import Foundation
import Testing

@testable import MADE

/// The files of control groups, as the kernel writes them.
@Suite struct ControlGroupTests {
    private func limits(_ membership: String, _ files: [String: String]) throws -> (memory: [Int], processors: [Double])
    {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let group = ControlGroup(root: root.path, membership: membership)
        return (group.memoryLimits, group.processorLimits)
    }

    @Test func versionTwoHasTheLimitsOfTheGroupAndOfThoseAroundIt() throws {
        let found = try limits(
            "0::/kubepods/pod1/made\n",
            [
                "kubepods/pod1/made/cpu.max": "150000 100000\n", "kubepods/pod1/made/memory.max": "max\n",
                "kubepods/pod1/cpu.max": "400000 100000\n", "kubepods/pod1/memory.max": "1073741824\n",
                "kubepods/cpu.max": "max 100000\n",
            ])
        #expect(found.processors == [1.5, 4] && found.memory == [1 << 30])
    }

    @Test func aContainerWithItsOwnViewHasItsLimitsAtTheRoot() throws {
        let found = try limits("0::/\n", ["cpu.max": "50000 100000\n", "memory.max": "268435456\n"])
        #expect(found.processors == [0.5] && found.memory == [1 << 28])
    }

    @Test func versionOneNamesItsControllersTogether() throws {
        let found = try limits(
            "5:cpu,cpuacct:/docker/7\n4:memory:/docker/7\n3:cpuset:/\n",
            [
                "cpu/docker/7/cpu.cfs_quota_us": "250000\n", "cpu/docker/7/cpu.cfs_period_us": "100000\n",
                "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n",
                "memory/docker/7/memory.limit_in_bytes": "536870912\n",
            ])
        #expect(found.processors == [2.5] && found.memory == [1 << 29])
    }

    @Test(arguments: ["", "0::/\n", "nonsense", "5:cpu:/a\n"]) func whatIsNotThereLimitsNothing(membership: String)
        throws
    {
        let found = try limits(membership, ["cpu.max": "0 0\n", "cpu/cpu.cfs_quota_us": "100000\n"])
        #expect(found.processors.isEmpty && found.memory.isEmpty)
    }

    @Test func partsOfProcessorsCountAsOne() {
        #expect(SystemProcessors.count(allowed: 8, limits: []) == 8)
        #expect(SystemProcessors.count(allowed: 8, limits: [4, 1.5]) == 2)
        #expect(SystemProcessors.count(allowed: 2, limits: [0.1]) == 1)
        #expect(SystemProcessors.count(allowed: 2, limits: [16]) == 2)
        #expect(SystemProcessors.count >= 1 && SystemProcessors.count <= ProcessInfo.processInfo.activeProcessorCount)
    }
}
