import Synchronization
import Testing

@testable import Microhttpd

private final class Owner: Sendable {}

/// What owners are told, in order.
private final class Log: Sendable {
    private let entries = Mutex<[String]>([])

    var all: [String] { entries.withLock { $0 } }

    func of(_ number: Int) -> @Sendable (Bool) -> Void {
        { hasMemory in self.entries.withLock { $0.append("\(number): \(hasMemory)") } }
    }
}

@Test func aBudgetGivesNoMoreThanItHas() {
    let budget = MemoryBudget(bytesMax: 100)
    #expect(budget.take(60) && !budget.take(41) && budget.take(40))
    #expect(budget.takenBytes == 100)
    budget.charge(10)
    #expect(budget.takenBytes == 110 && !budget.take(1))
    budget.giveBack(110)
    #expect(budget.takenBytes == 0 && !budget.take(101) && budget.take(100))
}

@Test func whatIsOnlyKeptIsGivenUpWhereMemoryIsShort() throws {
    let budget = MemoryBudget(bytesMax: 4 << 20)
    let pool = BufferPool(budget: budget)
    let block = try #require(pool.take(bytesMin: 3 << 20))
    pool.give(block)
    #expect(budget.takenBytes == 3 << 20)
    // Of another loop.
    let other = BufferPool(budget: budget)
    let large = try #require(other.take(bytesMin: 2 << 20))
    #expect(budget.takenBytes == 2 << 20)
    #expect(other.take(bytesMin: 3 << 20) == nil && other.grow(large, to: 5 << 20) == nil)
    let grown = try #require(other.grow(large, to: 4 << 20))
    #expect(budget.takenBytes == 4 << 20)
    // What is small is to be had nevertheless.
    let small = try #require(other.take(bytesMin: 1 << 10))
    other.give(small)
    other.give(grown)
}

@Test func theOldestWaiterGoesOnFirst() {
    let budget = MemoryBudget(bytesMax: 1000)
    let (log, owners) = (Log(), (0..<3).map { _ in Owner() })
    budget.charge(1300)
    for (number, start) in [(0, 30), (1, 10), (2, 20)] as [(Int, UInt64)] {
        budget.wait(owners[number], holding: 100, since: start, resume: log.of(number))
    }
    #expect(log.all.isEmpty)
    budget.giveBack(350)
    #expect(log.all == ["1: true"])
    // Much is free: all go on.
    budget.giveBack(500)
    #expect(log.all == ["1: true", "2: true", "0: true"])
}

@Test func theYoungestIsGivenUpWhereOnlyWaitersHoldMemory() {
    let budget = MemoryBudget(bytesMax: 1000)
    let (log, owners) = (Log(), (0..<3).map { _ in Owner() })
    budget.charge(1000)
    budget.wait(owners[0], holding: 400, since: 10, resume: log.of(0))
    #expect(log.all.isEmpty)
    budget.wait(owners[1], holding: 300, since: 20, resume: log.of(1))
    #expect(log.all.isEmpty)
    // Nobody else holds anything.
    budget.wait(owners[2], holding: 300, since: 15, resume: log.of(2))
    #expect(log.all == ["1: false"])
    budget.giveBack(300)
    #expect(log.all == ["1: false", "0: true", "2: true"])
}

@Test func whoIsOverIsNotToldAnything() {
    let budget = MemoryBudget(bytesMax: 1000)
    let (log, owners) = (Log(), (0..<2).map { _ in Owner() })
    budget.charge(1500)
    budget.wait(owners[0], holding: 100, since: 10, resume: log.of(0))
    budget.wait(owners[1], holding: 100, since: 20, resume: log.of(1))
    budget.forget(owners[0])
    budget.giveBack(1500)
    #expect(log.all == ["1: true"])
}
