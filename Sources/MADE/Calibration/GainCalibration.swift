/// The gains of calibration rows, which a cell's p-value is read from.
public struct GainCalibration: Sendable, Equatable {
    /// D.
    public let variableCount: Int
    /// max_v log p(x(j→v)) − log p(x) of m calibration rows [m × D], nats (see `CompiledModel.gains`).
    public let gains: [Float]

    /// Precondition: at least one row, all finite.
    public init(_ gains: [Float], variableCount: Int) {
        precondition(variableCount > 0 && !gains.isEmpty && gains.count % variableCount == 0)
        self.variableCount = variableCount
        self.gains = gains
    }

    /// m.
    public var rowCount: Int { gains.count / variableCount }

    /// How many of `count` calibration rows of `variables` have their gains computed: as many as bounded memory keeps, and
    /// bounded work computes, but `rowCountLeast` all the same.
    ///
    /// Each value that is tried in place of a row's own changes the outputs of the variables behind it, half of all on
    /// average.
    public static func rowCount(of count: Int, variables: [Variable]) -> Int {
        let tried = variables.reduce(0) { $0 + ($1.isSingleUnit ? 1 : $1.classCount + ($1.isReal ? numbersTried : 0)) }
        let outputs = variables.reduce(0) { $0 + $1.outputUnitCount }
        let kept = max(keptGainsMax / max(variables.count, 1), 256)
        return min(count, min(kept, max(workMax / max(tried * outputs / 2, 1), rowCountLeast), 2048))
    }

    /// Enough for a p-value of 0.01.
    private static let rowCountLeast = 100
    private static let keptGainsMax = 1 << 18
    /// Outputs, a minute of one processor or so.
    private static let workMax = 1 << 34
    /// About how many numbers the search for the best one tries.
    private static let numbersTried = 24
}

/// The p-values of the cells of some columns, each of one or several variables, whose gain is the largest of these.
public struct ColumnGains: Sendable {
    /// Of each column the calibration rows' gains [m], ascending, nats.
    private let gains: [[Float]]

    /// `columns`: the variables of each.
    public init(_ calibration: GainCalibration, columns: [Range<Int>]) {
        let width = calibration.variableCount
        gains = columns.map { column in
            stride(from: 0, to: calibration.gains.count, by: width).map { row in
                column.reduce(0) { max($0, calibration.gains[row + $1]) }
            }.sorted()
        }
    }

    /// The conformal p-value of a cell's gain, (1 + #{calibration ≥ gain}) / (1 + m): of cells that are not wrong at most a
    /// share alpha has a p-value ≤ alpha.
    public func pValue(of gain: Double, column: Int) -> Double {
        let gain = Float(gain)
        let all = gains[column]
        return Double(1 + all.count - all.partitionPoint { $0 < gain }) / Double(1 + all.count)
    }

    /// The smallest p-value that a cell can have.
    public var smallestPValue: Double { 1 / Double(1 + (gains.first?.count ?? 0)) }
}
