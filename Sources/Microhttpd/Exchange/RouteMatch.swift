/// What a handler found a request's path to be: looked for once, when the head is there, and kept with the request.
public struct RouteMatch: Sendable, Equatable {
    /// The route's place in the handler's table; below 0 where the path is none of the table's.
    public var index: Int
    /// Where the names that the path holds stand in it, bytes of its UTF-8; empty where it holds none.
    public var names: (first: Range<Int>, second: Range<Int>) = (0..<0, 0..<0)

    /// The route at `index`.
    public init(index: Int) { self.index = index }

    /// No route.
    public static let none = RouteMatch(index: -1)

    /// All of both.
    public static func == (one: RouteMatch, other: RouteMatch) -> Bool {
        one.index == other.index && one.names == other.names
    }
}
