internal import Glibc
internal import MADE

/// The variables of a table: what its columns are, and how their numbers become a network's inputs and densities.
enum VariableEncoding {
    /// `rows` are those that training sees: nothing of held-out rows may show in an encoding.
    static func variables(_ schema: TableSchema, rows: Table, options: TrainingOptions) -> [Variable] {
        schema.columns.enumerated().map { index, column in
            switch column.kind {
            case .binary: Variable(name: column.name, kind: .binary(.plusMinusOne))
            case .categorical(let categories): Variable(name: column.name, kind: .categorical(categories))
            case .real(let step):
                Variable(
                    name: column.name, kind: .real(encoding(of: rows.known(column: index), step: step, options)))
            }
        }
    }

    /// Precondition: `values` are finite.
    private static func encoding(of values: [Float], step: Float?, _ options: TrainingOptions) -> RealEncoding {
        let sorted = values.sorted()
        let affine = affine(sorted, isRobust: options.isRobust)
        var scaleFloor = options.scaleFloor(rowCount: values.count)
        if let step, options.scaleFloor == nil, StepFrequency.isFrequent(sorted) {
            scaleFloor = min(scaleFloor, step * affine.scale / 4)
        }
        return RealEncoding(
            affine: affine, componentCount: options.componentCount(rowCount: values.count), scaleFloor: scaleFloor,
            inputBound: options.inputBound, step: step, minimum: sorted.first, maximum: sorted.last)
    }

    /// The median becomes 0 and the interquartile range that of the standard normal distribution, 1.349; where the IQR is 0
    /// the standard deviation becomes 1. Not robust: mean and standard deviation. A constant column keeps its scale.
    private static func affine(_ sorted: [Float], isRobust: Bool) -> AffineEncoding {
        guard !sorted.isEmpty else { return .identity }
        let count = Double(sorted.count)
        let mean = sorted.reduce(0) { $0 + Double($1) } / count
        let deviation = (sorted.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count).squareRoot()
        let range = quantile(0.75, of: sorted) - quantile(0.25, of: sorted)
        let spread = isRobust && range > 0 ? range / 1.349 : deviation
        let scale = Float(1 / spread)
        return AffineEncoding(
            offset: Float(isRobust ? quantile(0.5, of: sorted) : mean),
            scale: scale.isFinite && scale > 0 ? scale : 1)
    }

    /// Between the two nearest values, linearly.
    private static func quantile(_ share: Double, of sorted: [Float]) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return Double(sorted[low]) + (place - Double(low)) * (Double(sorted[high]) - Double(sorted[low]))
    }
}

extension Table {
    /// The values of `column` that are not missing.
    fileprivate func known(column: Int) -> [Float] {
        stride(from: column, to: values.count, by: columns.count).compactMap { values[$0].isNaN ? nil : values[$0] }
    }
}
