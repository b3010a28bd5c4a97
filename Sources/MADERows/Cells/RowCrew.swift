internal import Dispatch
package import MADE
internal import Synchronization

/// Threads that work on rows side by side, each with scratch of its own.
package struct RowCrew: Sendable {
    private let model: CompiledModel
    private let threadCount: Int

    /// As many threads as there are processors.
    package init(_ model: CompiledModel) {
        self.model = model
        threadCount = SystemProcessors.count
    }

    /// What `work` makes of 0..<count, in order.
    package func map<Result: Sendable>(
        _ count: Int, _ work: @Sendable (Int, CompiledModel.Workspace) -> Result
    ) -> [Result] {
        let next = Atomic<Int>(0)
        let results = Mutex<[Result?]>(Array(repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: min(threadCount, count)) { _ in
            let workspace = model.makeWorkspace()
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                if index >= count { return }
                let result = work(index, workspace)
                results.withLock { $0[index] = result }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}
