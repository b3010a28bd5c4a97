package import MADE

/// What a cell is expected to be, given the others of its row.
package enum CellRange: Sendable, Equatable {
    /// The middle 90 % of the numbers.
    case numbers(Double, Double)
    /// The shortest list of values that holds 90 %, by falling probability.
    case outcomes([FullConditional.Outcome])

    /// The share of the distribution that it holds.
    private static let share = 0.9

    /// By the cell's distribution; of numbers what lies within the range that training saw, as in all that is expected.
    package init(_ conditional: FullConditional, of variable: Variable) {
        guard case .real(let encoding) = variable.kind else {
            self = .outcomes(conditional.likeliest(holding: Self.share))
            return
        }
        let range = conditional.range(holding: Self.share)
        let ends = [range.lowerBound, range.upperBound].map { end in
            let inside = min(max(end, encoding.minimum ?? end), encoding.maximum ?? end)
            return encoding.own(inside)
        }
        self = .numbers(ends[0], ends[1])
    }

    /// The same in cells, which `cell` makes of numbers.
    func expectation(_ cell: (Double) -> TableCell) -> ColumnExplanation.Expectation {
        switch self {
        case .numbers(let low, let high): .numbers(low...max(low, high))
        case .outcomes(let outcomes):
            .values(
                outcomes.map {
                    ColumnExplanation.LikelyValue(value: cell($0.value), probability: $0.probability)
                })
        }
    }

    /// Writes it as that of `variable`: two numbers, or values with their probabilities.
    package func write(of variable: Int, _ text: RowText, to json: inout JSONWriter) {
        json.beginArray()
        switch self {
        case .numbers(let low, let high):
            json.decimal(low)
            json.decimal(high)
        case .outcomes(let outcomes):
            for outcome in outcomes {
                json.beginObject()
                json.key("value")
                text.write(outcome.value, of: variable, to: &json)
                json.member("probability", outcome.probability)
                json.endObject()
            }
        }
        json.endArray()
    }
}
