/// A queue in memory: what is taken from its front is let go of at once, however long the rest has to wait.
struct Backlog<Element> {
    /// Nil before `start`.
    private var elements: [Element?] = []
    private var start = 0

    var isEmpty: Bool { start == elements.count }

    /// The element that came in before all others; precondition of setting it: there is one.
    var first: Element? {
        get { start < elements.count ? elements[start] : nil }
        set { elements[start] = newValue }
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Takes out, and returns, what is so; the rest stays in order.
    mutating func removeAll(where isSo: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        // Asked once each: the answer may change in between.
        elements = elements[start...].filter { element in
            guard let element, isSo(element) else { return true }
            removed.append(element)
            return false
        }
        start = 0
        return removed
    }

    /// Precondition: it is not empty.
    mutating func removeFirst() {
        elements[start] = nil
        start += 1
        // Each element is moved once for one that was taken.
        if 2 * start >= elements.count {
            elements.removeFirst(start)
            start = 0
        }
    }
}
