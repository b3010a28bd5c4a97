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
        let pulls = units.indices.map { i in
            known.reduce(0.0) { $0 + precisions[i * units.count + $1] * (numbers[$1] ?? 0) }
        }
        let open = known.filter { isOpen(units[$0].place) }
        let single = open.reduce(0.0) { max($0, change(of: [$1], pulls, precisions).gain) }
        var changes: [[Int]: Change] = [:]
        func look(_ members: [Int]) -> Double {
            let change = changes[members] ?? change(of: members, pulls, precisions)
            changes[members] = change
            return change.gain
        }
        var triples: [(members: [Int], gain: Double)] = []
        for (first, i) in open.enumerated() where sizeMax > 1 {
            for (second, j) in open.enumerated().dropFirst(first + 1) {
                _ = look([i, j])
                for k in open.dropFirst(second + 1) where sizeMax > 2 { triples.append(([i, j, k], look([i, j, k]))) }
            }
        }
        for (start, _) in triples.sorted(by: { $0.gain > $1.gain }).prefix(Self.growingCount) {
            var members = start
            while members.count < min(sizeMax, open.count) {
                let larger = open.filter { !members.contains($0) }.map { unit in (members + [unit]).sorted() }
                members = larger.map { (members: $0, gain: look($0)) }.max { $0.gain < $1.gain }?.members ?? members
            }
        }
        var found: [(members: [Int], steps: [Double], gain: Double)] = []
        for (members, change) in changes {
            let gain = change.gain - changeNats * Double(members.count - 1)
            if gain > single { found.append((members, change.steps, gain)) }
        }
        // Columns that are copies of each other gain the same, to the bit.
        found.sort { $0.gain == $1.gain ? $0.members.lexicographicallyPrecedes($1.members) : $0.gain > $1.gain }
        return found.prefix(count).map { members, steps, gain in
            Suspects(
                variables: members.map { units[$0].place },
                values: zip(members, steps).map { units[$0].value((numbers[$0] ?? 0) - $1) }, gain: gain)
        }
    }

    /// What a set of numbers is off by, given the others, and what its change brings.
    private typealias Change = (steps: [Double], gain: Double)

    /// P⁻¹ q of some units, and log p of the others less that of all up to a constant, half of qᵀ P⁻¹ q; q their pulls and P their
    /// precisions.
    private func change(of members: [Int], _ pulls: [Double], _ precisions: [Double]) -> Change {
        let count = members.count
        var matrix = members.flatMap { i in members.map { precisions[i * units.count + $0] } }
        for pivot in 0..<count { Self.sweep(&matrix, pivot, count) }
        let steps = (0..<count).map { i in
            members.enumerated().reduce(0.0) { $0 - matrix[i * count + $1.offset] * pulls[$1.element] }
        }
        return (steps, zip(members, steps).reduce(0) { $0 + pulls[$1.0] * $1.1 } / 2)
    }
}
