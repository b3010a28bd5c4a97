extension Array {
    /// Where the first element stands for which `isBefore` is false; precondition: it is true of all before that one, and of none
    /// behind it.
    package func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
        // Without branches, half of which would be mispredicted.
        var start = 0
        var rest = count
        while rest > 1 {
            let half = rest / 2
            start += isBefore(self[start + half - 1]) ? half : 0
            rest -= half
        }
        return rest == 1 && isBefore(self[start]) ? start + 1 : start
    }

    /// The partition points of several searches side by side, into `points`: one alone waits for memory at each of its steps.
    /// `isBefore` is given an element and which search it is for.
    func partitionPoints(into points: UnsafeMutableBufferPointer<Int>, _ isBefore: (Element, Int) -> Bool) {
        points.initialize(repeating: 0)
        var rest = count
        while rest > 1 {
            let half = rest / 2
            for search in points.indices {
                let start = points[search]
                points[search] = isBefore(self[start + half - 1], search) ? start + half : start
            }
            rest -= half
        }
        guard rest == 1 else { return }
        for search in points.indices where isBefore(self[points[search]], search) { points[search] += 1 }
    }
}
