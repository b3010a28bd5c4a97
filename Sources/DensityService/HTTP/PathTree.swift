internal import Glibc
internal import Microhttpd

/// Paths by their segments. Matching one compares bytes, and takes no memory.
struct PathTree {
    /// The match of a path that is none, and begins like those of the inference protocols.
    static let unknownOfInference = -2

    private struct Node {
        /// What may stand between two slashes here, and the node behind it.
        var words: [(text: [UInt8], next: Int)] = []
        /// The same of a name with this behind it, the longest first.
        var names: [(suffix: [UInt8], isVersion: Bool, next: Int)] = []
        var route = -1
        /// Whether all paths that go through here are of the inference protocols.
        var isInference = true
    }

    private var nodes = [Node()]

    /// - Precondition: the path is not there yet, and names nothing but `{model}` and `{version}`.
    mutating func add(_ path: String, _ route: Int, isInference: Bool) {
        var node = 0
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            nodes[node].isInference = nodes[node].isInference && isInference
            node = next(of: node, segment)
        }
        precondition(nodes[node].route < 0, "two routes at \(path)")
        nodes[node].isInference = isInference
        nodes[node].route = route
    }

    private mutating func next(of node: Int, _ segment: Substring) -> Int {
        let made = nodes.count
        if let end = segment.firstIndex(of: "}") {
            let name = segment[...end]
            precondition(name == "{model}" || name == "{version}", "\(name) is no name that a path may hold")
            let suffix = Array(segment[end...].dropFirst().utf8)
            if let found = nodes[node].names.first(where: { $0.suffix == suffix }) { return found.next }
            nodes[node].names.append((suffix, name == "{version}", made))
            nodes[node].names.sort { $0.suffix.count > $1.suffix.count }
        } else {
            let text = Array(segment.utf8)
            if let found = nodes[node].words.first(where: { $0.text == text }) { return found.next }
            nodes[node].words.append((text, made))
        }
        nodes.append(Node())
        return made
    }

    func match(_ path: UnsafeRawBufferPointer) -> RouteMatch {
        guard path.first == UInt8(ascii: "/") else { return .none }
        var match = RouteMatch.none
        var (node, start) = (0, 1)
        while true {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            guard let next = step(from: node, path, start..<end, &match) else {
                return RouteMatch(index: node > 0 && nodes[node].isInference ? Self.unknownOfInference : -1)
            }
            node = next
            if end == path.count { break }
            start = end + 1
        }
        match.index = nodes[node].route
        if match.index >= 0 { return match }
        return RouteMatch(index: nodes[node].isInference ? Self.unknownOfInference : -1)
    }

    private func step(
        from node: Int, _ path: UnsafeRawBufferPointer, _ segment: Range<Int>, _ match: inout RouteMatch
    ) -> Int? {
        for index in nodes[node].words.indices where ends(path, segment, nodes[node].words[index].text, isAll: true) {
            return nodes[node].words[index].next
        }
        for index in nodes[node].names.indices {
            let suffix = nodes[node].names[index].suffix.count
            guard segment.count > suffix, ends(path, segment, nodes[node].names[index].suffix, isAll: false) else {
                continue
            }
            let name = segment.lowerBound..<segment.upperBound - suffix
            if nodes[node].names[index].isVersion { match.names.second = name } else { match.names.first = name }
            return nodes[node].names[index].next
        }
        return nil
    }

    /// Whether the segment ends with `text`, and is nothing more where `isAll`.
    private func ends(_ path: UnsafeRawBufferPointer, _ segment: Range<Int>, _ text: [UInt8], isAll: Bool) -> Bool {
        guard isAll ? segment.count == text.count : segment.count >= text.count else { return false }
        guard let base = path.baseAddress, !text.isEmpty else { return true }
        return memcmp(base + (segment.upperBound - text.count), text, text.count) == 0
    }
}
