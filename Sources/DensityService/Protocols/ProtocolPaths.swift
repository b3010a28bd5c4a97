extension Destination {
    /// Reads a path of the Open Inference Protocol.
    static func v2(_ path: String) -> Destination {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.first == "v2" else { return Destination(route: .unknown) }
        if parts == ["v2", ""] { parts.removeLast() }
        switch parts.count {
        case 1: return Destination(route: .v2Server)
        case 3 where parts[1] == "health":
            let routes: [String: Route] = ["live": .v2Live, "ready": .v2Ready]
            return Destination(route: routes[parts[2]] ?? .unknown)
        case 3 where parts == ["v2", "repository", "index"]: return Destination(route: .v2Index)
        case 5 where parts[1] == "repository" && parts[2] == "models" && !parts[3].isEmpty:
            let routes: [String: Route] = ["load": .v2Load, "unload": .v2Unload]
            return Destination(route: routes[parts[4]] ?? .unknown, model: parts[3])
        case 3... where parts[1] == "models" && !parts[2].isEmpty: return v2Model(parts[2], verb: parts.dropFirst(3))
        default: return Destination(route: .unknown)
        }
    }

    /// What follows `/v2/models/{model}`: a version, a verb, both or neither.
    private static func v2Model(_ model: String, verb: ArraySlice<String>) -> Destination {
        var verb = verb
        var version: String?
        if verb.count >= 2, verb.first == "versions" {
            version = verb.dropFirst().first
            verb = verb.dropFirst(2)
        }
        let verbs: [[String]: Route] = [
            []: .v2Model, ["ready"]: .v2ModelReady, ["infer"]: .v2Infer, ["stats"]: .v2Statistics,
            ["config"]: .v2Config,
        ]
        return Destination(route: verbs[Array(verb)] ?? .unknown, model: model, version: version)
    }

    /// Reads a path of KServe's first protocol.
    static func v1(_ path: String) -> Destination {
        let prefix = "/v1/models"
        guard path != prefix else { return Destination(route: .v1Models) }
        guard path.hasPrefix("\(prefix)/") else { return Destination(route: .unknown) }
        let name = path.dropFirst(prefix.count + 1)
        guard !name.isEmpty, !name.contains("/") else { return Destination(route: .unknown) }
        for (verb, route) in [(":predict", Route.v1Predict), (":explain", .v1Explain)] {
            guard name.hasSuffix(verb), name.count > verb.count else { continue }
            return Destination(route: route, model: String(name.dropLast(verb.count)))
        }
        return Destination(route: .v1Model, model: String(name))
    }
}
