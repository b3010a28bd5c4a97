/// How rare it is that a row has values which training never saw: −log of the share of rows that are to be expected with one
/// in its column (see `UnseenValues`), added up over such values; nats.
///
/// The statistics that are made of surprisals count it beside these. An unseen value's surprisal is that of a probability, and
/// among a column's surprisals, of densities of numbers, it may be a usual one: none of n rows lost the field, and yet many had a
/// smaller density.
public struct UnseenRarity: Sendable, Equatable {
    /// Encoded values below it are unseen [D]; −∞ where none are.
    private let bounds: [Float]
    private let nats: [Double]
    /// Whether no row has any.
    private let isEmpty: Bool

    /// Of the variables of a model.
    public init(_ variables: [Variable]) {
        bounds = variables.map { variable in
            guard variable.unseen != nil else { return -.infinity }
            return variable.isReal ? -Variable.missingValue / 2 : 0
        }
        nats = variables.map { $0.unseen?.rarity ?? 0 }
        isEmpty = variables.allSatisfy { $0.unseen == nil }
    }

    /// Of one encoded `row` [D]; 0 where all its values are known ones, or not known.
    public func nats(of row: Span<Float>) -> Double {
        if isEmpty { return 0 }
        precondition(row.count == bounds.count)
        var sum = 0.0
        for variable in row.indices where row[variable] < bounds[variable] { sum += nats[variable] }
        return sum
    }

    /// Of each of encoded `rows` [n × D].
    public func nats(of rows: Span<Float>, count: Int) -> [Double] {
        let width = count == 0 ? 0 : rows.count / count
        return (0..<count).map { nats(of: rows.extracting($0 * width..<($0 + 1) * width)) }
    }
}
