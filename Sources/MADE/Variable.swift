/// One column of the modelled table.
public struct Variable: Sendable, Equatable {
    /// The variable's type, with how its values become the network's input units.
    public enum Kind: Sendable, Equatable {
        /// Values 0 and 1; one input unit, one output unit: the logit of p(x_d = 1 | x_<d).
        case binary(AffineEncoding)
    }

    /// The column's name, unique within a model.
    public let name: String
    /// Its type and encoding.
    public let kind: Kind

    /// A column named `name`.
    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// Number of network inputs that carry a value of this variable.
    public var inputUnitCount: Int {
        switch kind {
        case .binary: 1
        }
    }

    /// Number of network outputs that parametrise this variable's conditional.
    public var outputUnitCount: Int {
        switch kind {
        case .binary: 1
        }
    }
}

/// How a number becomes one input unit: unit = (value − offset) · scale.
public struct AffineEncoding: Sendable, Equatable, Codable {
    /// The value that becomes 0.
    public let offset: Float
    /// Units a step of 1 in the value.
    public let scale: Float

    /// The encoding (value − offset) · scale.
    public init(offset: Float, scale: Float) {
        self.offset = offset
        self.scale = scale
    }

    /// The value itself, as networks trained elsewhere expect it.
    public static let identity = AffineEncoding(offset: 0, scale: 1)
    /// 0 and 1 as −1 and +1, which trains better than 0 and 1.
    public static let plusMinusOne = AffineEncoding(offset: 0.5, scale: 2)

    /// The unit that carries `value`.
    public func callAsFunction(_ value: Float) -> Float {
        (value - offset) * scale
    }
}

/// Where each variable's input and output units stand among all of the network's.
///
/// Units follow the table's column order: the units of variable 0, of variable 1, and so on.
public struct UnitLayout: Sendable, Equatable {
    /// Input units of each variable.
    public let inputs: [Range<Int>]
    /// Output units of each variable.
    public let outputs: [Range<Int>]

    /// The layout of `variables`, in their order.
    public init(_ variables: [Variable]) {
        inputs = Self.consecutive(variables.map(\.inputUnitCount))
        outputs = Self.consecutive(variables.map(\.outputUnitCount))
    }

    /// Number of input units in all.
    public var inputUnitCount: Int { inputs.last?.upperBound ?? 0 }
    /// Number of output units in all.
    public var outputUnitCount: Int { outputs.last?.upperBound ?? 0 }

    private static func consecutive(_ counts: [Int]) -> [Range<Int>] {
        var start = 0
        return counts.map { count in
            defer { start += count }
            return start..<start + count
        }
    }
}
