internal import CRows

/// Choices of whoever sends rows.
public struct ReadingOptions: Sendable, Equatable {
    /// A value that training never saw is an error; else it has the little probability that is kept for such.
    public var refusesUnseen: Bool
    /// Columns that the model's table has not got are passed over; else they are an error.
    public var ignoresUnknown: Bool

    /// Unseen values are scored, unknown columns refused.
    public init(refusesUnseen: Bool = false, ignoresUnknown: Bool = false) {
        self.refusesUnseen = refusesUnseen
        self.ignoresUnknown = ignoresUnknown
    }

    func handle(keepsNumbers: Bool) -> made_row_options {
        made_row_options(
            refuses_unseen: refusesUnseen, ignores_unknown: ignoresUnknown, keeps_numbers: keepsNumbers)
    }
}
