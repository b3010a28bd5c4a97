/// The means and covariances of the numbers of normal rows, which suggest the numbers of a row that may be wrong together.
///
/// Numbers that follow from each other bear each other out when several of them are wrong: for x = y = z = 0 no single change
/// makes the row likelier. Under a normal distribution it takes microseconds to tell how likely the others are without a set of
/// numbers, so all pairs and triples are examined, and larger sets that grow from the best triples. The model then decides among
/// the most promising sets.
struct NumberDependence: Sendable {
    /// Numbers of a row that may be wrong together.
    struct Suspects {
        /// Ascending.
        let variables: [Int]
        /// What is expected in their places given the other numbers, encoded.
        let values: [Float]
        /// The log-density of the other numbers alone less that of all numbers, less the cost of changing so many; nats, up to a
        /// constant.
        let gain: Double
    }

    /// Of more variables, those that correlate most with another are used.
    private static let variablesMax = 24
    /// The least correlation with another that a variable needs to be used.
    private static let correlationMin = 0.5
    /// Covariances of fewer rows are too uncertain.
    private static let rowsMin = 100
    /// Of wide tables fewer rows are used, about so many numbers in all: every two columns are compared when a model is loaded.
    private static let numbersMax = 100_000
    /// Numbers farther from the median, in robust standard deviations, count as if they were this far: some calibration rows are
    /// wrong themselves.
    private static let deviationsMax = 5.0
    /// Triples that larger sets grow from.
    private static let growingCount = 8
    /// The least share of a number's variance that the others leave unexplained.
    private static let ridge = 1e-4

    /// A variable, and what standardises its encoded numbers: u becomes (u − centre) / scale.
    private struct Unit: Sendable {
        let place: Int
        let variable: Variable
        let centre: Double
        let scale: Double

        /// The standardised number of a row [D]; nil where it has none.
        func number(in row: [Float]) -> Double? {
            variable.encodedNumber(row[place]).map { (Double($0) - centre) / scale }
        }

        /// The encoded number of a standardised one, held within the range that training saw: given a remote number, others would
        /// be expected to be as remote.
        func value(_ number: Double) -> Float {
            let value = min(max(centre + scale * number, -1e6), 1e6)
            guard case .real(let encoding) = variable.kind, let minimum = encoding.minimum,
                let maximum = encoding.maximum
            else { return Float(value) }
            let ends = [encoding.encode(minimum), encoding.encode(maximum)].sorted()
            return min(max(Float(value), ends[0]), ends[1])
        }
    }

    private let units: [Unit]
    /// The inverse of their correlations [units × units].
    private let precisions: [Double]

    /// Nil if there are too few rows, more than a thousand columns of numbers, or no two that depend much on each other.
    init?(_ rows: CalibrationRows, _ variables: [Variable]) {
        let places = variables.indices.filter { variables[$0].isReal }
        let rowCount = min(rows.rowCount, Self.numbersMax / max(places.count, 1))
        guard rowCount >= Self.rowsMin, places.count > 1 else { return nil }
        var columns: [(unit: Unit, numbers: [Double])] = places.compactMap { place in
            let numbers = (0..<rowCount).map {
                variables[place].encodedNumber(rows.values[$0 * rows.variableCount + place]).map(Double.init)
            }
            return Self.column(numbers, place, variables[place])
        }
        let count = columns.count
        var strongest = [Double](repeating: 0, count: count)
        for i in 0..<count {
            for j in 0..<i {
                let correlation = abs(Self.mean(columns[i].numbers, columns[j].numbers))
                strongest[i] = max(strongest[i], correlation)
                strongest[j] = max(strongest[j], correlation)
            }
        }
        let chosen = (0..<count).filter { strongest[$0] >= Self.correlationMin }
            .sorted { (strongest[$0], $1) > (strongest[$1], $0) }.prefix(Self.variablesMax).sorted()
        guard chosen.count > 1 else { return nil }
        columns = chosen.map { columns[$0] }
        var matrix = columns.flatMap { first in columns.map { Self.mean(first.numbers, $0.numbers) } }
        for unit in columns.indices { matrix[unit * columns.count + unit] += Self.ridge }
        for unit in columns.indices { Self.sweep(&matrix, unit, columns.count) }
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        units = columns.map(\.unit)
        precisions = matrix.map(-)
    }

    /// A variable's numbers standardised, 0 where a row has none; nil where that is more than every tenth row, or all are equal.
    private static func column(
        _ found: [Double?], _ place: Int, _ variable: Variable
    ) -> (unit: Unit, numbers: [Double])? {
        let known = found.compactMap(\.self).sorted()
        guard known.count * 10 >= found.count * 9 else { return nil }
        let median = known[known.count / 2]
        let sizes = known.map { abs($0 - median) }.sorted()
        // If most numbers are equal, the median of the distances is 0.
        let width = sizes.first(where: { $0 > 0 }).map { max(1.4826 * sizes[sizes.count / 2], $0) } ?? 0
        guard width > 0 else { return nil }
        let reach = deviationsMax * width
        let held = found.map { $0.map { min(max($0 - median, -reach), reach) } }
        let mean = held.reduce(0) { $0 + ($1 ?? 0) } / Double(known.count)
        let variance = held.reduce(0) { $0 + ($1.map { ($0 - mean) * ($0 - mean) } ?? 0) } / Double(known.count)
        guard variance > 0 else { return nil }
        let unit = Unit(place: place, variable: variable, centre: median + mean, scale: variance.squareRoot())
        return (unit, held.map { $0.map { ($0 - mean) / variance.squareRoot() } ?? 0 })
    }

    private static func mean(_ first: [Double], _ second: [Double]) -> Double {
        var sum = 0.0
        for index in first.indices { sum += first[index] * second[index] }
        return sum / Double(first.count)
    }

    /// The sweep (Beaton 1964) of a symmetric matrix [count × count] at a pivot. After one at each pivot the matrix is its negative
    /// inverse; of an inverse, what is left without the pivot's line is the inverse for the other variables alone.
    private static func sweep(_ matrix: inout [Double], _ pivot: Int, _ count: Int) {
        let line = (0..<count).map { matrix[pivot * count + $0] }
        let diagonal = line[pivot]
        for i in 0..<count where i != pivot {
            for j in 0..<count where j != pivot { matrix[i * count + j] -= line[i] * line[j] / diagonal }
        }
        for i in 0..<count where i != pivot {
            matrix[i * count + pivot] = line[i] / diagonal
            matrix[pivot * count + i] = line[i] / diagonal
        }
        matrix[pivot * count + pivot] = -1 / diagonal
    }

    /// The sets of 2 to `sizeMax` numbers of a row [D] that gain more than any number alone, if every change after the first costs
    /// `changeNats`; at most `count`, by falling gain. They hold only variables that `isOpen` allows.
    func suspects(
        in row: [Float], sizeMax: Int, changeNats: Double, count: Int, isOpen: (Int) -> Bool
    ) -> [Suspects] {
        var precisions = precisions
        let numbers = units.map { $0.number(in: row) }
        for (unit, number) in numbers.enumerated() where number == nil {
            Self.sweep(&precisions, unit, units.count)
        }
        let known = numbers.indices.filter { numbers[$0] != nil }
        func precision(_ i: Int, _ j: Int) -> Double { precisions[i * units.count + j] }
        let pulls = units.indices.map { i in
            known.reduce(0.0) { $0 + precision(i, $1) * (numbers[$1] ?? 0) }
        }
        let open = known.filter { isOpen(units[$0].place) }
        // log p of the others less that of all is half of qᵀ P⁻¹ q, q the pulls of the set and P its precisions, up to a
        // constant: by elimination, one variable on top of the other.
        let single = open.reduce(0.0) { max($0, pulls[$1] * pulls[$1] / precision($1, $1) / 2) }
        var found: [Suspects] = []
        var triples: [(members: [Int], gain: Double)] = []
        func add(_ members: [Int], _ steps: [Double], _ gain: Double) {
            if gain <= single { return }
            let place = found.firstIndex { $0.gain < gain } ?? found.count
            guard place < count else { return }
            let suspects = Suspects(
                variables: members.map { units[$0].place },
                values: zip(members, steps).map { units[$0].value((numbers[$0] ?? 0) - $1) },
                gain: gain)
            found.insert(suspects, at: place)
            if found.count > count { found.removeLast() }
        }
        for (first, i) in open.enumerated() where sizeMax > 1 {
            let a = precision(i, i)
            let gainOfI = pulls[i] * pulls[i] / a / 2
            for (second, j) in open.enumerated().dropFirst(first + 1) {
                let b = precision(i, j)
                let c = precision(j, j) - b * b / a
                let pullOfJ = pulls[j] - b * pulls[i] / a
                let gainOfJ = gainOfI + pullOfJ * pullOfJ / c / 2
                let stepOfJ = pullOfJ / c
                add([i, j], [(pulls[i] - b * stepOfJ) / a, stepOfJ], gainOfJ - changeNats)
                for k in open.dropFirst(second + 1) where sizeMax > 2 {
                    let u = precision(i, k)
                    let v = precision(j, k) - u * b / a
                    let w = precision(k, k) - u * u / a - v * v / c
                    let pullOfK = pulls[k] - u * pulls[i] / a - v * pullOfJ / c
                    let stepOfK = pullOfK / w
                    let stepOfJ = (pullOfJ - v * stepOfK) / c
                    let gain = gainOfJ + pullOfK * pullOfK / w / 2
                    add(
                        [i, j, k], [(pulls[i] - b * stepOfJ - u * stepOfK) / a, stepOfJ, stepOfK],
                        gain - 2 * changeNats)
                    if sizeMax > 3, triples.count < Self.growingCount || gain > triples[triples.count - 1].gain {
                        triples.insert(([i, j, k], gain), at: triples.firstIndex { $0.gain < gain } ?? triples.count)
                        if triples.count > Self.growingCount { triples.removeLast() }
                    }
                }
            }
        }
        for (start, _) in triples {
            var members = start
            while members.count < min(sizeMax, open.count) {
                let larger = open.filter { !members.contains($0) }.map { unit in
                    let members = (members + [unit]).sorted()
                    return (members: members, change: change(of: members, pulls, precisions))
                }
                guard let best = larger.max(by: { $0.change.gain < $1.change.gain }) else { break }
                members = best.members
                let isNew = !found.contains { $0.variables == members.map { units[$0].place } }
                if isNew {
                    add(members, best.change.steps, best.change.gain - changeNats * Double(members.count - 1))
                }
            }
        }
        return found
    }

    /// P⁻¹ q of some units, and half of qᵀ P⁻¹ q, q their pulls and P their precisions: by elimination.
    private func change(
        of members: [Int], _ pulls: [Double], _ precisions: [Double]
    ) -> (steps: [Double], gain: Double) {
        var matrix = members.map { i in members.map { precisions[i * units.count + $0] } }
        var steps = members.map { pulls[$0] }
        for i in members.indices {
            for j in members.indices where j != i {
                let factor = matrix[j][i] / matrix[i][i]
                for k in i..<members.count { matrix[j][k] -= factor * matrix[i][k] }
                steps[j] -= factor * steps[i]
            }
        }
        for i in members.indices { steps[i] /= matrix[i][i] }
        return (steps, zip(members, steps).reduce(0) { $0 + pulls[$1.0] * $1.1 } / 2)
    }
}
