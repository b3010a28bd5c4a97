/// How a `CellCalibration` lies in a checkpoint: the scores [n], ascending, and all curves one after the other, those of the
/// variables first, then that of `cells`, then that of `likelihood`. F64 but for the counts.
enum CellCalibrationTensors {
    static let cellScores = "calibration.cells"
    static let combinedScores = "calibration.combined"
    /// Knots of each curve, I32 [D + 2].
    static let counts = "calibration.curve.knots"
    /// Slopes beyond the last knots [D + 2].
    static let slopes = "calibration.curve.slope"
    /// Of all knots [their number].
    static let values = "calibration.curve.value"
    static let nats = "calibration.curve.nats"

    static let names = [cellScores, combinedScores, counts, slopes, values, nats]
}

extension SafetensorsWriter {
    mutating func add(_ cells: CellCalibration) {
        typealias Names = CellCalibrationTensors
        let curves = cells.surprisals + [cells.cells, cells.likelihood]
        let values = curves.flatMap(\.values)
        add(Names.cellScores, dtype: "F64", shape: [cells.cellScores.count], cells.cellScores)
        add(Names.combinedScores, dtype: "F64", shape: [cells.combinedScores.count], cells.combinedScores)
        add(Names.counts, dtype: "I32", shape: [curves.count], curves.map { Int32($0.values.count) })
        add(Names.slopes, dtype: "F64", shape: [curves.count], curves.map(\.slope))
        add(Names.values, dtype: "F64", shape: [values.count], values)
        add(Names.nats, dtype: "F64", shape: [values.count], curves.flatMap(\.nats))
    }
}

extension CheckpointReader {
    /// Nil of a file that has none of its tensors.
    func cellCalibration(variableCount: Int, rowCount: Int) throws(CheckpointError) -> CellCalibration? {
        typealias Names = CellCalibrationTensors
        guard Names.names.contains(where: { file.entries[$0] != nil }) else { return nil }
        let cellScores = try finiteDoubles(Names.cellScores, count: rowCount)
        let combinedScores = try finiteDoubles(Names.combinedScores, count: rowCount)
        let counts = try file.elements(Names.counts, dtype: "I32", as: Int32.self).map(Int.init)
        guard counts.count == variableCount + 2 else {
            throw fail(.badShape(tensor: Names.counts, shape: [counts.count], expected: "[\(variableCount + 2)]"))
        }
        let slopes = try finiteDoubles(Names.slopes, count: variableCount + 2)
        let values = try finiteDoubles(Names.values)
        let nats = try finiteDoubles(Names.nats, count: values.count)
        var curves: [TailCurve] = []
        var first = 0
        for (index, count) in counts.enumerated() {
            let left = values.count - first
            guard count > 0, count <= left else {
                throw fail(.badCalibration("\(Names.counts)[\(index)] is \(count); it must be 1 to \(left)"))
            }
            let knots = first..<first + count
            let (curveValues, curveNats) = (values[knots], nats[knots])
            guard zip(curveValues, curveValues.dropFirst()).allSatisfy({ $0 < $1 }),
                zip(curveNats, curveNats.dropFirst()).allSatisfy({ $0 <= $1 }), slopes[index] >= 0
            else { throw fail(.badCalibration("curve \(index) of \(Names.values) falls; it must rise")) }
            curves.append(TailCurve(values: Array(curveValues), nats: Array(curveNats), slope: slopes[index]))
            first += count
        }
        guard first == values.count else {
            throw fail(.badCalibration("\(Names.values) has \(values.count) knots, but its curves have \(first)"))
        }
        return CellCalibration(
            surprisals: Array(curves.prefix(variableCount)), cells: curves[variableCount],
            likelihood: curves[variableCount + 1], cellScores: cellScores, combinedScores: combinedScores)
    }

    private func finiteDoubles(_ name: String, count: Int) throws(CheckpointError) -> [Double] {
        let shape = try file.entry(name).shape
        guard shape == [count] else { throw fail(.badShape(tensor: name, shape: shape, expected: "[\(count)]")) }
        return try finiteDoubles(name)
    }
}
