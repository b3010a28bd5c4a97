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
}
