internal import Glibc
internal import MADE

/// Rows on which real variables are regressed, each on others.
struct RegressionRows: Sendable {
    /// A linear regression that leaves little of a variable.
    struct Regression: Sendable {
        /// The weight of an input unit of a variable, counted from its first.
        struct Term: Sendable {
            let variable: Int
            let unit: Int
            let weight: Float
        }

        let terms: [Term]
        let intercept: Float
        /// Of the residuals of rows that the weights were not found on: 1.4826 × the median of their sizes, encoded units.
        let deviation: Float
    }

    /// What a regression may leave at most, encoded units, for its variable to be one that nearly follows from others: with
    /// half a deviation left, three quarters of the variance follow. Where more is left, the network finds as much by itself.
    private static let deviationMax = 0.5
    /// Fewer rows say too little of how far others will lie from a regression.
    static let rowsMin = 100
    /// Of more rows some are taken, spread evenly over the table; fewer of wide tables, of which there are many regressions.
    private static let rowsMax = 2000
    private static let wideRowsMax = 500
    private static let numbersMax = 100_000
    /// Rows in which an input unit has to be other than 0.
    private static let unitRowsMin = 10
    /// Input units that are looked at: the most frequent.
    private static let unitsMax = 2048
    /// Terms of a regression. Many that say the same share the weight, so that one wrong number is not all that counts.
    static let termsMax = 64
    /// By how much the first terms may leave more than all: the others are then of no weight.
    private static let sourceShare = 1.25
    /// Rows a term.
    private static let termRows = 4
    /// Largest encoded number that is regressed; beyond are outcomes, and what is too remote to say anything of the others.
    private static let targetMax: Float = 20
    private static let batchRows = 256

    /// What a regression is taken to leave at least, encoded units.
    private let deviationMin: Double
    private let termsMax: Int
    /// The variable of each unit that may be a term, and the unit's place among its inputs.
    private let units: [(variable: Int, unit: Int)]
    /// [rows × units].
    private let inputs: [Float]
    /// The encoded numbers of each real variable, NaN where a row has none; empty for others.
    private let targets: [[Float]]
    /// Of the units, × rows [units × units].
    private let covariances: [Double]

    /// Without rows there are no regressions: a table has none where it is too small or has no mixtures.
    ///
    /// `deviationMin`: the deviation, encoded units, that a regression is taken to leave at least; `termsMax`: its terms at
    /// most.
    init(_ variables: [Variable], _ table: EncodedTable, deviationMin: Float, termsMax: Int = termsMax) {
        self.deviationMin = Double(deviationMin)
        self.termsMax = termsMax
        let count = Self.rowCount(variables, table)
        let places = VariablePlaces(variables, ordering: .natural(count: variables.count))
        let indices = (0..<count).map { table.rowCount * $0 / count }
        let batch = Batch(places, rowsMax: Self.batchRows)
        let unitCount = places.places.last?.inputs.upperBound ?? 0
        func forEachRow(_ body: (_ row: Int, _ inputs: UnsafePointer<Float>, _ targets: UnsafePointer<Float>) -> Void) {
            for start in stride(from: 0, to: count, by: Self.batchRows) {
                var none: Corruption?
                batch.load(indices[start..<min(start + Self.batchRows, count)], of: table.values, corruption: &none)
                for row in 0..<batch.rowCount {
                    body(
                        start + row, batch.inputs.pointer + row * unitCount,
                        batch.targets.pointer + row * variables.count)
                }
            }
        }
        var rowCounts = [Int](repeating: 0, count: count == 0 ? 0 : unitCount)
        forEachRow { _, inputs, _ in
            for unit in 0..<unitCount where inputs[unit] != 0 { rowCounts[unit] += 1 }
        }
        let frequent = rowCounts.indices.filter { rowCounts[$0] >= Self.unitRowsMin }
            .sorted { (rowCounts[$0], $1) > (rowCounts[$1], $0) }.prefix(Self.unitsMax).sorted()
        var variable = 0
        units = frequent.map { unit in
            while !places.places[variable].inputs.contains(unit) { variable += 1 }
            return (variable, unit - places.places[variable].inputs.lowerBound)
        }
        var kept: [Float] = []
        kept.reserveCapacity(count * frequent.count)
        var targets = variables.map { $0.isReal && count > 0 ? [Float](repeating: .nan, count: count) : [] }
        forEachRow { row, inputs, values in
            for unit in frequent { kept.append(inputs[unit]) }
            for variable in targets.indices where !targets[variable].isEmpty {
                if abs(values[variable]) < Self.targetMax { targets[variable][row] = values[variable] }
            }
        }
        self.targets = targets
        inputs = kept
        covariances = Self.covariances(kept, rowCount: count, unitCount: frequent.count)
    }

    /// How many rows are taken; 0 where no variable is a mixture of several Gaussians, or the table has too few.
    private static func rowCount(_ variables: [Variable], _ table: EncodedTable) -> Int {
        let realCount = variables.count {
            if case .real(let encoding) = $0.kind { encoding.componentCount > 1 } else { false }
        }
        guard realCount > 0, table.rowCount >= rowsMin else { return 0 }
        return min(table.rowCount, max(min(rowsMax, numbersMax / realCount), wideRowsMax))
    }

    private static func covariances(_ inputs: [Float], rowCount: Int, unitCount: Int) -> [Double] {
        var means = [Double](repeating: 0, count: unitCount)
        for (place, value) in inputs.enumerated() { means[place % unitCount] += Double(value) / Double(rowCount) }
        var covariances = [Double](repeating: 0, count: unitCount * unitCount)
        var line = [Double](repeating: 0, count: unitCount)
        covariances.withUnsafeMutableBufferPointer { covariances in
            for row in 0..<rowCount {
                for unit in 0..<unitCount { line[unit] = Double(inputs[row * unitCount + unit]) }
                line.withUnsafeBufferPointer { line in
                    for unit in 0..<unitCount where line[unit] != 0 {
                        let value = line[unit]
                        let start = unit * unitCount
                        for other in 0...unit { covariances[start + other] += value * line[other] }
                    }
                }
            }
            for unit in 0..<unitCount {
                for other in 0...unit {
                    let value =
                        covariances[unit * unitCount + other] - Double(rowCount) * means[unit] * means[other]
                    covariances[unit * unitCount + other] = value
                    covariances[other * unitCount + unit] = value
                }
            }
        }
        return covariances
    }

    /// The deviation of each variable's residuals from all others; nil where that is not small.
    var deviations: [Float?] {
        targets.indices.map { variable in
            targets[variable].isEmpty
                ? nil : regression(of: variable, on: targets.indices.filter { $0 != variable })?.deviation
        }
    }

    /// The regression of a real variable on some `others`; nil where it leaves more than little.
    func regression(of variable: Int, on others: [Int]) -> Regression? {
        guard let (rows, terms) = selection(of: variable, on: others) else { return nil }
        let problem = problem(of: variable, rows, terms)
        guard let deviation = problem.heldOutDeviation(atMost: Self.deviationMax),
            let weights = problem.weights(from: Array(rows.indices))
        else { return nil }
        return Regression(
            terms: zip(terms, weights).map {
                .init(variable: units[$0].variable, unit: units[$0].unit, weight: Float($1))
            },
            intercept: Float(weights[terms.count]), deviation: Float(max(deviation, deviationMin)))
    }

    /// The deviation of a variable's residuals from all others, and those of them without which it were larger by more than
    /// `sourceShare`; nil where it is not small.
    func relation(of variable: Int) -> (deviation: Float, sources: [Int])? {
        guard let (rows, terms) = selection(of: variable, on: targets.indices.filter { $0 != variable }) else {
            return nil
        }
        func deviation(_ terms: [Int]) -> Double? {
            if terms.isEmpty { return nil }
            return problem(of: variable, rows, terms).heldOutDeviation(atMost: Self.deviationMax)
                .map { max($0, deviationMin) }
        }
        guard let all = deviation(terms) else { return nil }
        func suffice(_ terms: [Int]) -> Bool { deviation(terms).map { $0 <= Self.sourceShare * all } ?? false }
        var sources = (1..<terms.count).lazy.map { Array(terms.prefix($0)) }.first(where: suffice) ?? terms
        // What was taken first may be of no weight beside those after it.
        for term in sources {
            let others = sources.filter { $0 != term }
            if suffice(others) { sources = others }
        }
        return (Float(all), Set(sources.map { units[$0].variable }).sorted())
    }

    /// The rows that have a number of a real variable, and the units among some `others` that it is regressed on; nil where there
    /// are too few.
    private func selection(of variable: Int, on others: [Int]) -> (rows: [Int], terms: [Int])? {
        let target = targets[variable]
        let rows = target.indices.filter { !target[$0].isNaN }
        guard rows.count >= Self.rowsMin else { return nil }
        let isOther = Set(others)
        let terms = terms(of: target, rows, among: units.indices.filter { isOther.contains(units[$0].variable) })
        return terms.isEmpty ? nil : (rows, terms)
    }

    private func problem(of variable: Int, _ rows: [Int], _ terms: [Int]) -> RobustRegression {
        RobustRegression(
            inputs: rows.flatMap { row in terms.map { Double(inputs[row * units.count + $0]) } },
            inputCount: terms.count, targets: rows.map { Double(targets[variable][$0]) })
    }

    /// Forward selection: the unit that explains most of what is left of the target, again and again.
    private func terms(of target: [Float], _ rows: [Int], among candidates: [Int]) -> [Int] {
        let unitCount = units.count
        let mean = rows.reduce(0.0) { $0 + Double(target[$1]) } / Double(rows.count)
        // Covariances with the target, and variances, × rows, less what the terms explain. A row without a number of the target
        // is as good as its mean.
        var shares = [Double](repeating: 0, count: candidates.count)
        for row in rows {
            let value = Double(target[row]) - mean
            for (place, unit) in candidates.enumerated() {
                shares[place] += value * Double(inputs[row * unitCount + unit])
            }
        }
        var variances = candidates.map { covariances[$0 * unitCount + $0] }
        let least = variances.map { 1e-9 * $0 }
        // Of each term: its covariances with the candidates, less what the terms before explain, over its deviation.
        var columns: [[Double]] = []
        var terms: [Int] = []
        while terms.count < min(termsMax, rows.count / Self.termRows) {
            var best: (place: Int, gain: Double)?
            for place in candidates.indices where variances[place] > least[place] {
                let gain = shares[place] * shares[place] / variances[place]
                if gain > best?.gain ?? 0 { best = (place, gain) }
            }
            guard let (chosen, _) = best else { break }
            let deviation = variances[chosen].squareRoot()
            let line = candidates[chosen] * unitCount
            var column = candidates.map { covariances[line + $0] }
            for earlier in columns {
                let factor = earlier[chosen]
                for place in column.indices { column[place] -= factor * earlier[place] }
            }
            let share = shares[chosen] / deviation
            for place in column.indices {
                column[place] /= deviation
                variances[place] -= column[place] * column[place]
                shares[place] -= share * column[place]
            }
            variances[chosen] = 0
            columns.append(column)
            terms.append(candidates[chosen])
        }
        return terms
    }
}
