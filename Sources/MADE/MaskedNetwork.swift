/// A dense matrix of floats, row-major: element (row, column) stands at `row * columns + column`.
public struct Matrix: Sendable, Equatable {
    /// Number of rows.
    public let rows: Int
    /// Number of columns.
    public let columns: Int
    /// [rows × columns], row-major.
    public var elements: [Float]

    /// Precondition: `elements` holds rows · columns numbers.
    public init(rows: Int, columns: Int, elements: [Float]) {
        precondition(elements.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    /// A matrix whose elements are computed from their row and column.
    public init(rows: Int, columns: Int, _ element: (_ row: Int, _ column: Int) -> Float) {
        self.rows = rows
        self.columns = columns
        elements = []
        elements.reserveCapacity(rows * columns)
        for row in 0..<rows {
            for column in 0..<columns { elements.append(element(row, column)) }
        }
    }

    /// The element at (row, column).
    public subscript(row: Int, column: Int) -> Float {
        get { elements[row * columns + column] }
        set { elements[row * columns + column] = newValue }
    }
}

/// The non-linearity of the hidden layers.
public enum Activation: String, Sendable, CaseIterable, Codable {
    case relu, elu, tanh, sigmoid
}

/// The parameters of one network as trained. Which weights count is said by the masks of the member that uses it.
public struct MaskedNetwork: Sendable, Equatable {
    /// One layer of weights: y = W·x + b.
    public struct Layer: Sendable, Equatable {
        /// [out × in].
        public var weight: Matrix
        /// [out].
        public var bias: [Float]

        /// A layer of `weight` [out × in] and `bias` [out].
        public init(weight: Matrix, bias: [Float]) {
            self.weight = weight
            self.bias = bias
        }
    }

    /// The hidden layers, then the output layer; at least one.
    public var layers: [Layer]
    /// Direct input→output weights [outputs × inputs], added to the output layer's (paper, eq. 15).
    public var direct: Matrix?

    /// A network of hidden layers and an output layer.
    public init(layers: [Layer], direct: Matrix? = nil) {
        self.layers = layers
        self.direct = direct
    }

    /// Units of each hidden layer.
    public var hiddenWidths: [Int] { layers.dropLast().map(\.bias.count) }
    /// Number of weights and biases, masked ones included.
    public var parameterCount: Int {
        layers.reduce(direct?.elements.count ?? 0) { $0 + $1.weight.elements.count + $1.bias.count }
    }
}
