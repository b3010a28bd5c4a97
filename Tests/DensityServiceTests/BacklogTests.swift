import Testing

@testable import DensityService

@Suite struct BacklogTests {
    private final class Work {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test func comesOutInTheOrderItWentIn() {
        var backlog = Backlog<Int>()
        var expected = 0
        for number in 0..<1000 {
            backlog.append(number)
            // Two in, one out: there is always something that waits.
            if number % 2 == 1 {
                #expect(backlog.first == expected)
                backlog.removeFirst()
                expected += 1
            }
        }
        while let first = backlog.first {
            #expect(first == expected)
            backlog.removeFirst()
            expected += 1
        }
        #expect(expected == 1000 && backlog.isEmpty)
    }

    @Test func whatIsTakenIsFreedWhileOthersWait() {
        var backlog = Backlog<Work>()
        for number in 0..<100 { backlog.append(Work(number)) }
        for number in 0..<99 {
            weak let taken = backlog.first
            #expect(taken?.number == number)
            backlog.removeFirst()
            #expect(taken == nil, "element \(number) outlives its turn")
        }
    }

    @Test func theFirstCanBeReplaced() {
        var backlog = Backlog<Int>()
        backlog.append(1)
        backlog.append(2)
        backlog.first = 7
        #expect(backlog.first == 7)
        backlog.removeFirst()
        #expect(backlog.first == 2)
    }
}

@Test func whatIsTakenOutOfABacklogLeavesTheRestInOrder() {
    var backlog = Backlog<Int>()
    for number in 0..<10 { backlog.append(number) }
    for _ in 0..<3 { backlog.removeFirst() }
    #expect(backlog.removeAll { $0 % 2 == 0 } == [4, 6, 8])
    backlog.append(11)
    var rest: [Int] = []
    while let first = backlog.first {
        rest.append(first)
        backlog.removeFirst()
    }
    #expect(rest == [3, 5, 7, 9, 11] && backlog.isEmpty)
    #expect(backlog.removeAll { _ in true }.isEmpty)
}
