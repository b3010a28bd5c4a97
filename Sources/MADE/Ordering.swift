/// The permutation of the variables in which the chain rule p(x) = ∏ p(x_d | x_<d) is taken.
public struct Ordering: Sendable, Equatable {
    /// The variable at each position, 0-based.
    public let variables: [Int]
    /// The position of each variable, 0-based: the inverse of `variables`.
    public let positions: [Int]

    /// Nil where `variables` is not a permutation of 0..<count.
    public init?(variables: [Int]) {
        var positions = [Int](repeating: -1, count: variables.count)
        for (position, variable) in variables.enumerated() {
            guard positions.indices.contains(variable), positions[variable] < 0 else { return nil }
            positions[variable] = position
        }
        self.variables = variables
        self.positions = positions
    }

    private init(permutation: [Int]) {
        variables = permutation
        var positions = permutation
        for (position, variable) in permutation.enumerated() { positions[variable] = position }
        self.positions = positions
    }

    /// The table's own column order.
    public static func natural(count: Int) -> Ordering {
        Ordering(permutation: Array(0..<count))
    }

    /// A uniformly drawn ordering (Fisher and Yates).
    public static func random(count: Int, using generator: inout some RandomNumberGenerator) -> Ordering {
        Ordering(permutation: (0..<count).shuffled(using: &generator))
    }

    /// Number of variables.
    public var count: Int { variables.count }
}
