/// What a route asks of who calls it.
enum Requirement: Equatable {
    /// Nothing, ever: what watches a service has no key and must not be told to wait.
    case nothing
    /// Not to call too often: it tells nothing but what everybody may know.
    case moderation
    /// Moderation, and a key of this scope where keys are configured.
    case key(Scope)
}

extension Route {
    var requirement: Requirement {
        switch self {
        case .live, .ready, .health, .ping, .v2Live, .v2Ready: .nothing
        case .page, .openAPI, .unknown: .moderation
        case .metrics: .key(.metrics)
        case .reload, .v2Load, .v2Unload: .key(.admin)
        default: .key(.score)
        }
    }
}
