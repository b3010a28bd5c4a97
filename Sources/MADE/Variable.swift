/// One column of the modelled table.
public struct Variable: Sendable, Equatable {
    /// The variable's type, with how its values become the network's input units.
    public enum Kind: Sendable, Equatable {
        /// Values 0 and 1; one input unit, one output unit: the logit of p(x_d = 1 | x_<d).
        case binary(AffineEncoding)
        /// Values 0…K−1, the indices of labels; K input units of which the value's is 1 and the others are 0, K output
        /// units: the logits whose softmax is p(x_d | x_<d).
        case categorical(Categories)
        /// Finite numbers; one input unit, 3K output units: the parameters of a mixture of K Gaussians (see `RealEncoding`).
        case real(RealEncoding)

        /// The type as answers and listings name it: `binary`, `categorical` or `real`.
        public var typeName: String {
            switch self {
            case .binary: "binary"
            case .categorical: "categorical"
            case .real: "real"
            }
        }
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
        case .binary, .real: 1
        case .categorical(let categories): categories.labels.count
        }
    }

    /// Number of network outputs that parametrise this variable's conditional.
    public var outputUnitCount: Int {
        switch kind {
        case .binary: 1
        case .categorical(let categories): categories.labels.count
        case .real(let encoding): 3 * encoding.componentCount
        }
    }

    /// Whether its values are 0 and 1.
    public var isBinary: Bool {
        if case .binary = kind { true } else { false }
    }

    /// Whether its values are numbers.
    public var isReal: Bool {
        if case .real = kind { true } else { false }
    }

    /// Whether `value` is one that the variable may take.
    public func accepts(_ value: Float) -> Bool {
        switch kind {
        case .binary: value == 0 || value == 1
        case .categorical(let categories):
            value >= 0 && value < Float(categories.labels.count) && value == value.rounded()
        case .real: value.isFinite
        }
    }
}

/// The labels of a categorical variable.
public struct Categories: Sendable, Equatable, Codable {
    /// At least two, all different; a value is an index into them.
    public let labels: [String]
    /// The class that stands for rare labels and for labels never seen; nil where such a label is an error.
    public let otherIndex: Int?

    /// Precondition: at least two labels, all different; `otherIndex` is one of theirs.
    public init(labels: [String], otherIndex: Int? = nil) {
        precondition(labels.count >= 2 && Set(labels).count == labels.count)
        precondition(otherIndex.map(labels.indices.contains) ?? true)
        self.labels = labels
        self.otherIndex = otherIndex
    }
}

/// How a number becomes an input unit, and how output units become its density.
///
/// With u = (x − offset) · scale, the input unit is u clipped to ±inputBound; the density is not clipped. The K mixture logits
/// a_k, means μ_k and spreads s_k that stand one after the other in the output units give
/// p(x) = |scale| Σ_k softmax(a)_k N(u; μ_k, σ_k), σ_k = scaleFloor + log(1 + e^s_k) (Bishop 1994, eq. 22–24, with a floor:
/// a mixture without one puts infinite density on repeated values).
public struct RealEncoding: Sendable, Equatable, Codable {
    /// Most Gaussians that a mixture may have.
    public static let componentCountMax = 64

    /// Centres and scales the column: median and IQR / 1.349, or median and standard deviation where the IQR is 0.
    public var affine: AffineEncoding
    /// Gaussians in the mixture, 1…64.
    public var componentCount: Int
    /// Least standard deviation of a Gaussian, in encoded units; above 0.
    public var scaleFloor: Float
    /// What the network sees of u is clipped to ±this; above 0.
    public var inputBound: Float
    /// The values are multiples of this (1: integers): samples are rounded to it, and training spreads each value evenly over
    /// the step around it. Nil for a continuous column.
    public var step: Float?
    /// Least value seen in training; nil where that is not known.
    public var minimum: Float?
    /// Greatest value seen in training; nil where that is not known.
    public var maximum: Float?

    /// Precondition: the ranges that the properties tell.
    public init(
        affine: AffineEncoding, componentCount: Int, scaleFloor: Float, inputBound: Float = 5, step: Float? = nil,
        minimum: Float? = nil, maximum: Float? = nil
    ) {
        precondition((1...Self.componentCountMax).contains(componentCount))
        precondition(scaleFloor > 0 && inputBound > 0 && affine.scale != 0)
        precondition(step.map { $0 > 0 } ?? true)
        self.affine = affine
        self.componentCount = componentCount
        self.scaleFloor = scaleFloor
        self.inputBound = inputBound
        self.step = step
        self.minimum = minimum
        self.maximum = maximum
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
