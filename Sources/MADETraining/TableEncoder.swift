internal import Glibc
internal import MADE
internal import MADERows

/// Rows of a table as a model takes them.
struct EncodedTable: Sendable {
    /// Number of columns.
    let columnCount: Int
    /// [rows × columns], row-major (see `Variable`).
    let values: [Float]
    /// Number of rows.
    var rowCount: Int { values.count / columnCount }

    /// The values of one column.
    func column(_ column: Int) -> some Sequence<Float> {
        stride(from: column, to: values.count, by: columnCount).lazy.map { values[$0] }
    }

    /// Mean over the rows of Σ log |dx/dt| (see `RealEncoding`), nats.
    func meanLogVolume(_ variables: [Variable]) -> Double {
        var sum = 0.0
        for (index, variable) in variables.enumerated() {
            guard case .real(let encoding) = variable.kind, encoding.linearWidth != nil else { continue }
            for value in column(index) where abs(value) < Variable.missingValue {
                sum += encoding.logVolume(at: Double(value))
            }
        }
        return sum / Double(max(rowCount, 1))
    }
}

/// The variables of one fit: what the columns of its table are, and how their values become a network's inputs and densities.
///
/// Nothing of held-out rows shows in it: a label that only they have is as unseen as one that comes tomorrow, or calibration
/// rows would not be like new ones.
struct TableEncoder: Sendable {
    private(set) var variables: [Variable]
    /// Of a categorical column the encoded value of each of the table's labels, rare ones behind the others; else empty.
    private let labelValues: [[Float]]

    /// `rows` are those that the gradient sees; numbers are transformed `like` those of another one, where it is given.
    init(_ schema: TableSchema, rows: Table, options: TrainingOptions, like other: TableEncoder? = nil) {
        self.init(schema, rows: rows, options: options, transforms: other?.transforms)
        guard other == nil, options.choosesEncodings else { return }
        let related = RelatedLogarithms.transforms(transforms, schema, rows: rows, options: options)
        if related != transforms { self.init(schema, rows: rows, options: options, transforms: related) }
    }

    /// With these `transforms` of the columns [columns], nil of those that are no numbers; nil: each column's own choice.
    init(_ schema: TableSchema, rows: Table, options: TrainingOptions, transforms: [NumberTransform?]?) {
        var variables: [Variable] = []
        var labelValues: [[Float]] = []
        for (index, column) in schema.columns.enumerated() {
            let known = rows.values[index].filter { !$0.isNaN }
            let hasMissing = known.count < rows.rowCount
            func add(_ kind: Variable.Kind, _ unseen: UnseenValues, labels: [Float] = []) {
                variables.append(Variable(name: column.name, kind: kind, unseen: unseen, hasMissing: hasMissing))
                labelValues.append(labels)
            }
            switch column.kind {
            case .binary: add(.binary(.plusMinusOne), UnseenValues(rowCount: known.count))
            case .categorical(let categories):
                let found = Self.categories(categories, known)
                add(.categorical(found.categories), found.unseen, labels: found.values)
            case .real(let step, let resolution):
                let encoding = Self.encoding(
                    of: known, step: step, resolution: resolution, options, transform: transforms?[index])
                add(.real(encoding), UnseenValues(rowCount: known.count))
            }
        }
        self.variables = variables
        self.labelValues = labelValues
    }

    /// The same encoder with Gaussians that may be half as narrow as the `deviations` of real variables from what follows from
    /// the others, where those are known.
    func sharpened(to deviations: [Float?]) -> TableEncoder {
        var encoder = self
        for (index, deviation) in deviations.enumerated() {
            guard let deviation else { continue }
            encoder.variables[index] = variables[index].withScaleFloor(atMost: deviation / 2)
        }
        return encoder
    }

    /// The rows of a table of the same columns.
    func encode(_ table: Table) -> EncodedTable {
        let count = variables.count
        let values = [Float](unsafeUninitializedCapacity: table.rowCount * count) { target, initialized in
            for (index, column) in table.values.enumerated() {
                var place = index
                for value in column {
                    target[place] = encode(value, column: index)
                    place += count
                }
            }
            initialized = table.rowCount * count
        }
        return EncodedTable(columnCount: count, values: values)
    }

    /// How numbers of each column are transformed; nil of other columns.
    private var transforms: [NumberTransform?] {
        variables.map { if case .real(let encoding) = $0.kind { encoding.transform } else { nil } }
    }

    private func encode(_ value: Double, column: Int) -> Float {
        if value.isNaN { return variables[column].valueOfMissing }
        let labels = labelValues[column]
        if labels.isEmpty { return variables[column].encode(value) }
        return value < 0 ? Variable.unseenValue : labels[Int(value)]
    }

    /// The categories that rows with `values` show, and what becomes of each label of the table's.
    private static func categories(
        _ all: Categories, _ values: [Double]
    ) -> (categories: Categories, unseen: UnseenValues, values: [Float]) {
        let classCount = all.labels.count
        var counts = [Int](repeating: 0, count: classCount + all.rareLabels.count)
        for value in values where value >= 0 { counts[Int(value)] += 1 }
        let rare = all.rareLabels.indices.filter { counts[classCount + $0] > 0 }
        let rareCounts = rare.map { counts[classCount + $0] }
        var classCounts = Array(counts[..<classCount])
        if let other = all.otherIndex { classCounts[other] += rareCounts.reduce(0, +) }
        var encoded = (0..<classCount).map { Float($0) }
        encoded += all.rareLabels.map { _ in Variable.unseenValue }
        for (place, index) in rare.enumerated() { encoded[classCount + index] = Float(classCount + place) }
        let named = classCounts.enumerated().filter { $0.offset != all.otherIndex }.map(\.element)
        return (
            Categories(
                labels: all.labels, otherIndex: all.otherIndex, rowCounts: classCounts,
                rareLabels: rare.map { all.rareLabels[$0] }, rareRowCounts: rareCounts),
            UnseenValues(rowCounts: named + rareCounts), encoded
        )
    }

    /// Precondition: `values` are finite.
    private static func encoding(
        of values: [Double], step: Double?, resolution: Double?, _ options: TrainingOptions, transform: NumberTransform?
    ) -> RealEncoding {
        let all = values.sorted()
        let atoms = Atoms.find(all)
        let isAtom = Set(atoms)
        let others = all.filter { !isAtom.contains($0) }
        // What is left may be too little to tell where it lies.
        let hasOthers = others.count >= Atoms.rowsMin
        let sorted = hasOthers ? others : all
        let transform =
            transform
            ?? (options.choosesEncodings
                ? EncodingChoice.transform(for: hasOthers ? values.filter { !isAtom.contains($0) } : values)
                : NumberTransform(linearWidth: nil))
        let (centre, scale) = centreAndScale(sorted.map(transform.callAsFunction), isRobust: options.isRobust)
        let unit = abs(scale) * exp(transform.logVolume(centre))
        var encoding = RealEncoding(
            centre: centre, scale: scale, linearWidth: transform.linearWidth,
            unit: (unit / scale).isNormal ? unit : nil,
            componentCount: options.componentCount(rowCount: sorted.count),
            scaleFloor: options.scaleFloor(rowCount: sorted.count), inputBound: options.inputBound, step: step,
            resolution: resolution, minimum: all.first, maximum: all.last, atoms: atoms,
            support: NumberList.find(all, step: step ?? resolution))
        if let step, options.scaleFloor == nil, StepFrequency.isFrequent(sorted) {
            let quarter = Float(encoding.width(step, at: 0) / 4)
            encoding.scaleFloor = max(min(encoding.scaleFloor, quarter), .leastNormalMagnitude)
        }
        return encoding
    }

    /// The median becomes 0 and the interquartile range that of the standard normal distribution, 1.349; where the IQR is 0
    /// the standard deviation becomes 1. Not robust: mean and standard deviation. A constant column keeps its scale.
    private static func centreAndScale(_ sorted: [Double], isRobust: Bool) -> (Double, Double) {
        guard !sorted.isEmpty else { return (0, 1) }
        let count = Double(sorted.count)
        let mean = sorted.reduce(0) { $0 + $1 / count }
        let deviation = sorted.reduce(0) { $0 + ($1 - mean) * (($1 - mean) / count) }.squareRoot()
        let range = quantile(0.75, of: sorted) - quantile(0.25, of: sorted)
        let spread = isRobust && range > 0 ? range / 1.349 : deviation
        let isScale = spread > 0 && spread.isFinite && (1 / spread).isFinite
        return (isRobust ? quantile(0.5, of: sorted) : mean, isScale ? spread : 1)
    }

    /// Between the two nearest values, linearly.
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
    }
}

extension Variable {
    fileprivate func withScaleFloor(atMost floor: Float) -> Variable {
        guard case .real(var encoding) = kind else { return self }
        encoding.scaleFloor = min(encoding.scaleFloor, floor)
        return Variable(name: name, kind: .real(encoding), unseen: unseen, hasMissing: hasMissing)
    }
}
