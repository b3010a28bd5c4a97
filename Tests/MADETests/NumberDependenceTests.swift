import Testing

@testable import MADE

/// Against the normal distribution's own densities, by Gaussian elimination of every subset anew.
@Suite struct NumberDependenceTests {
    private static let width = 5

    /// Rows of numbers that depend on each other; `rest` of them in a column that depends on nothing.
    private func rows(_ count: Int, using generator: inout PhiloxGenerator) -> [[Double]] {
        (0..<count).map { _ in
            func noise() -> Double {
                (0..<4).reduce(0) { sum, _ in sum + .random(in: -1...1, using: &generator) } / 1.2
            }
            let size = noise()
            return [size, 2 * size + 0.1 * noise(), noise(), 3 - size + 0.2 * noise(), size + 0.5 * noise()]
        }
    }

    private func variable(_ index: Int) -> Variable {
        // One is encoded in reverse, and has ends.
        let encoding = RealEncoding(
            centre: 0, scale: index == 1 ? -1 : 1, componentCount: 3, scaleFloor: 0.01,
            minimum: index == 1 ? -1000 : nil, maximum: index == 1 ? 1000 : nil, atoms: index == 2 ? [] : [0])
        return Variable(name: "\(index)", kind: .real(encoding), hasMissing: true)
    }

    private func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var (matrix, right) = (matrix, right)
        for i in right.indices {
            for j in right.indices where j != i {
                let factor = matrix[j][i] / matrix[i][i]
                for k in right.indices { matrix[j][k] -= factor * matrix[i][k] }
                right[j] -= factor * right[i]
            }
        }
        return right.indices.map { right[$0] / matrix[$0][$0] }
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func setsGainWhatTheNormalDensitySays(_ seed: UInt64) throws {
        var generator = PhiloxGenerator(seed: seed)
        let table = rows(400, using: &generator)
        let variables = (0..<Self.width).map(variable)
        let encoded = table.map { row in zip(variables, row).map { $0.encode($1) } }
        let found = try #require(
            NumberDependence(CalibrationRows(encoded.flatMap(\.self), variableCount: Self.width), variables))

        // The column of no dependence is left out.
        let units = [0, 1, 3, 4]
        let columns = units.map { unit in encoded.map { Double($0[unit]) } }
        let means = columns.map { $0.reduce(0, +) / Double($0.count) }
        let covariances = columns.indices.map { i in
            columns.indices.map { j in
                let products = zip(columns[i], columns[j]).map { ($0 - means[i]) * ($1 - means[j]) }
                let covariance = products.reduce(0, +) / Double(products.count)
                return i == j ? covariance * (1 + 1e-4) : covariance
            }
        }
        /// Half of Mahalanobis' squared distance of the `known` of a row's numbers.
        func distance(_ row: [Double], _ known: [Int]) -> Double {
            let away = known.map { row[$0] - means[$0] }
            let solved = solve(known.map { i in known.map { covariances[i][$0] } }, away)
            return zip(away, solved).reduce(0) { $0 + $1.0 * $1.1 } / 2
        }

        var row = rows(1, using: &generator)[0]
        row[0] += 4
        row[1] += 8
        // An atom stands for its number, and what a row lacks says nothing.
        if seed % 3 == 1 { row[3] = 0 }
        var values = zip(variables, row).map { $0.encode($1) }
        let numbers = units.map { Double(variables[$0].encodedNumber(values[$0]) ?? .nan) }
        if seed % 3 == 2 { values[3] = Variable.missingValue }
        let known = units.indices.filter { seed % 3 != 2 || units[$0] != 3 }
        let isOpen = seed % 2 == 0 ? Set(units) : Set([0, 1, 4])
        let cost = 0.25
        let open = known.filter { isOpen.contains(units[$0]) }
        func gain(_ set: [Int]) -> Double {
            distance(numbers, known) - distance(numbers, known.filter { !set.contains($0) })
                - cost * Double(set.count - 1)
        }
        let single = open.map { gain([$0]) }.max() ?? 0
        var expected: [(set: [Int], gain: Double)] = []
        for (first, i) in open.enumerated() {
            for (second, j) in open.enumerated().dropFirst(first + 1) {
                expected.append(([i, j], gain([i, j])))
                for k in open.dropFirst(second + 1) { expected.append(([i, j, k], gain([i, j, k]))) }
            }
        }
        if open.count == 4 { expected.append((open, gain(open))) }
        expected = expected.filter { $0.gain > single }.sorted { $0.gain > $1.gain }
        let suspects = found.suspects(
            in: values, sizeMax: 4, changeNats: cost, count: 99, isOpen: isOpen.contains)
        #expect(!expected.isEmpty && suspects.count == expected.count, "seed \(seed)")
        for (suspects, expected) in zip(suspects, expected) {
            #expect(suspects.variables == expected.set.map { units[$0] }, "seed \(seed)")
            #expect(abs(suspects.gain / expected.gain - 1) < 1e-4, "seed \(seed)")
            // E[set | rest] = μ + Σ_SR Σ_RR⁻¹ (x_R − μ_R).
            let rest = known.filter { !expected.set.contains($0) }
            let solved = solve(rest.map { i in rest.map { covariances[i][$0] } }, rest.map { numbers[$0] - means[$0] })
            for (value, member) in zip(suspects.values, expected.set) {
                let mean = zip(rest, solved).reduce(means[member]) { $0 + covariances[member][$1.0] * $1.1 }
                #expect(abs(Double(value) - mean) < 1e-3, "seed \(seed)")
            }
        }
        let pairs = found.suspects(in: values, sizeMax: 2, changeNats: cost, count: 1, isOpen: isOpen.contains)
        #expect(pairs.count <= 1 && pairs.allSatisfy { $0.variables.count == 2 })
        #expect(found.suspects(in: values, sizeMax: 1, changeNats: cost, count: 9, isOpen: isOpen.contains).isEmpty)
    }

    @Test func whereNothingDependsThereIsNone() {
        var generator = PhiloxGenerator(seed: 1)
        let variables = (0..<Self.width).map(variable)
        func dependence(_ rows: [[Double]]) -> NumberDependence? {
            let encoded = rows.flatMap { row in zip(variables, row).map { $0.encode($1) } }
            return NumberDependence(CalibrationRows(encoded, variableCount: Self.width), variables)
        }
        let table = rows(200, using: &generator)
        #expect(dependence(table) != nil)
        #expect(dependence(Array(table.prefix(99))) == nil, "few rows")
        let apart = table.map { [$0[2], 0, 0, 0, 0] }
        #expect(dependence(apart) == nil, "one column alone is not the same in all rows")
        let shuffled = table.indices.map { row in (0..<Self.width).map { table[(row + 37 * $0) % 200][$0] } }
        #expect(dependence(shuffled) == nil, "columns of different rows")
    }
}
