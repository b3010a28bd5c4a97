internal import CRows

/// Choices of whoever sends rows.
public struct ReadingOptions: Sendable, Equatable {
    /// A value that training never saw is an error; else it has the little probability that is kept for such.
    public var refusesUnseen: Bool
    /// Columns that the model's table has not got are passed over; else they are an error.
    public var ignoresUnknown: Bool
    /// A missing value is one that is not known, which is integrated out; else it counts for what it is: an outcome that
    /// training learned where it had some, one that it never saw where it had none.
    public var missingIsUnknown: Bool

    /// Unseen values are scored, unknown columns refused, missing values outcomes.
    public init(refusesUnseen: Bool = false, ignoresUnknown: Bool = false, missingIsUnknown: Bool = false) {
        self.refusesUnseen = refusesUnseen
        self.ignoresUnknown = ignoresUnknown
        self.missingIsUnknown = missingIsUnknown
    }

    func handle(keepsNumbers: Bool, keepsFaultyLines: Bool = false) -> made_row_options {
        made_row_options(
            refuses_unseen: refusesUnseen, missing_is_unknown: missingIsUnknown, ignores_unknown: ignoresUnknown,
            keeps_numbers: keepsNumbers, keeps_faulty_lines: keepsFaultyLines)
    }
}
