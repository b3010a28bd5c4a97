internal import Microhttpd

/// All routes, and the way from a path to one of them.
final class RouteTable: Sendable {
    let routes: [Route]
    private let tree: PathTree

    static let standard = RouteTable(Route.native + Route.protocols)

    /// - Precondition: no two routes share a path.
    init(_ routes: [Route]) {
        self.routes = routes
        var tree = PathTree()
        for (index, route) in routes.enumerated() {
            for path in route.paths + route.aliases {
                tree.add(path, index, isInference: route.errors == .inference)
            }
        }
        self.tree = tree
    }

    /// Under what the requests of no route are logged and counted.
    static let unknownLabel = "unknown"

    /// Finds the route of a percent-decoded path.
    func match(_ path: String) -> RouteMatch {
        var path = path
        return path.withUTF8 { tree.match(UnsafeRawBufferPointer($0)) }
    }

    /// Nil where there is none.
    func route(_ match: RouteMatch) -> Route? { match.index < 0 ? nil : routes[match.index] }

    func label(_ match: RouteMatch) -> String { match.index < 0 ? Self.unknownLabel : routes[match.index].label }

    func requirement(_ match: RouteMatch) -> Requirement {
        match.index < 0 ? .moderation : routes[match.index].requirement
    }

    func errors(_ match: RouteMatch) -> Route.ErrorForm {
        if match.index >= 0 { return routes[match.index].errors }
        return match.index == PathTree.unknownOfInference ? .inference : .problem
    }
}

extension RouteMatch {
    /// The name of the model that `path` holds; nil where it holds none.
    func model(in path: String) -> String? { Self.name(names.first, in: path) }

    /// The version that `path` holds.
    func version(in path: String) -> String? { Self.name(names.second, in: path) }

    private static func name(_ range: Range<Int>, in path: String) -> String? {
        guard !range.isEmpty else { return nil }
        let bytes = path.utf8
        let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
        return String(path[start..<bytes.index(start, offsetBy: range.count)])
    }
}
