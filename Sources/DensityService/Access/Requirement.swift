/// What a route asks of who calls it.
enum Requirement: Equatable {
    /// Nothing, ever: what watches a service has no key and must not be told to wait.
    case nothing
    /// Not to call too often: it tells nothing but what everybody may know.
    case moderation
    /// Moderation, and a key of this scope where keys are configured.
    case key(Scope)
}
