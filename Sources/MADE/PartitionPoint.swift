extension Array {
    /// Where the first element stands for which `isBefore` is false; precondition: it is true of all before that one, and of none
    /// behind it.
    package func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
