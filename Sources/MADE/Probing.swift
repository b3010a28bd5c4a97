/// Which rows the probe of the autoregressive property tries.
///
/// A probe changes all inputs from one position on. Outputs up to that position must keep their bits: so a probe tries every
/// pair of an output up to it and an input from it on, and the probes of all positions together try every pair that must be
/// independent. That many are a product of rows and weights that grows with the cube of the number of variables. Wide tables
/// get fewer, evenly spaced from the first position to the last: every input is then changed, and every output held against
/// inputs after it. Pairs that lie between two neighbouring probes are left to the structure, which covers them all.
struct ProbePlan: Equatable {
    /// Random rows that are changed.
    static let baseCount = 2
    /// Probes of each of them, for a table that has as many positions.
    static let probeCountMin = 32
    /// Multiplications of all probes, as far as they are more than those.
    static let multiplicationsMax = 1 << 31

    /// The positions that are probed with each of the rows, ascending.
    let positions: [[Int]]

    init(variableCount count: Int, multiplicationsPerRow: Int) {
        let affordable = Self.multiplicationsMax / (Self.baseCount * max(multiplicationsPerRow, 1))
        let probeCount = min(count, max(Self.probeCountMin, affordable))
        positions = (0..<Self.baseCount).map { base in
            guard probeCount < count else { return Array(0..<count) }
            // The positions of one row lie between those of the other.
            let stepCount = Self.baseCount * probeCount - 1
            return (0..<probeCount).map { (Self.baseCount * $0 + base) * (count - 1) / stepCount }
        }
    }
}

extension AutoregressiveCheck {
    /// The output units [n × outputs] of rows [n × D] under a member.
    typealias Outputs = (_ rows: [Float], _ member: Int) -> [Float]

    /// Tries what `plan` says with every member; returns the number of probes.
    static func probe(
        _ card: ModelCard, _ plan: ProbePlan, outputs: Outputs
    ) throws(AutoregressiveViolation) -> Int {
        var generator = PhiloxGenerator(seed: 0)
        let units = UnitLayout(card.variables).outputs
        var count = 0
        for positions in plan.positions {
            let base = card.variables.map { $0.randomValue(using: &generator) }
            let changed = zip(card.variables, base).map { $0.value(otherThan: $1) }
            for (member, ordering) in card.orderings.enumerated() {
                let probe = Probe(
                    variables: card.variables, units: units, member: member, ordering: ordering, base: base,
                    changed: changed)
                try probe.run(positions, outputs: outputs)
                count += positions.count
            }
        }
        return count
    }
}

/// One row and its changes under one member.
private struct Probe {
    let variables: [Variable]
    /// Output units of each variable.
    let units: [Range<Int>]
    let member: Int
    let ordering: Ordering
    /// The row [D].
    let base: [Float]
    /// Other values than its own [D].
    let changed: [Float]

    func run(_ positions: [Int], outputs: AutoregressiveCheck.Outputs) throws(AutoregressiveViolation) {
        let expected = outputs(base, member)
        // Some rows at a time: memory stays small for wide tables.
        let rowCount = max(1, min(64, (1 << 24) / expected.count))
        for start in stride(from: 0, to: positions.count, by: rowCount) {
            let some = positions[start..<min(start + rowCount, positions.count)]
            let found = outputs(some.flatMap(row(changedFrom:)), member)
            for (row, position) in some.enumerated() {
                guard let output = firstMoved(in: found, row: row, from: expected, upTo: position) else { continue }
                let input = lastMoving(output, from: position, expected: expected, outputs: outputs)
                throw AutoregressiveViolation(
                    output: variables[output].name, input: variables[input].name, evidence: .probe)
            }
        }
    }

    private func row(changedFrom position: Int) -> [Float] {
        var row = base
        for variable in ordering.variables[position...] { row[variable] = changed[variable] }
        return row
    }

    /// The first variable, of those up to `position`, whose outputs in row `row` have not the bits of `expected`.
    private func firstMoved(in outputs: [Float], row: Int, from expected: [Float], upTo position: Int) -> Int? {
        for variable in ordering.variables[...position]
        where hasMoved(variable, in: outputs, row: row, from: expected) { return variable }
        return nil
    }

    private func hasMoved(_ output: Int, in outputs: [Float], row: Int, from expected: [Float]) -> Bool {
        let first = row * expected.count
        for unit in units[output] where outputs[first + unit].bitPattern != expected[unit].bitPattern { return true }
        return false
    }

    /// The variable whose change moves `output` although all after it are changed alike: a change from `position` on moves
    /// it and one from the end on does not, and between the two there is a place where that turns.
    private func lastMoving(
        _ output: Int, from position: Int, expected: [Float], outputs: AutoregressiveCheck.Outputs
    ) -> Int {
        var (moving, still) = (position, ordering.count)
        while still - moving > 1 {
            let middle = moving + (still - moving) / 2
            if hasMoved(output, in: outputs(row(changedFrom: middle), member), row: 0, from: expected) {
                moving = middle
            } else {
                still = middle
            }
        }
        return ordering.variables[moving]
    }
}

extension Variable {
    /// A value that the variable may take.
    fileprivate func randomValue(using generator: inout PhiloxGenerator) -> Float {
        switch kind {
        case .binary: Bool.random(using: &generator) ? 1 : 0
        case .categorical(let categories): Float(Int.random(in: categories.labels.indices, using: &generator))
        // Within what the network sees unclipped, so that a change of value is a change of its input.
        case .real(let encoding): 2 * encoding.inputBound * (generator.uniform() - 0.5)
        }
    }

    /// A value that the variable may take and that is not `value`.
    fileprivate func value(otherThan value: Float) -> Float {
        switch kind {
        case .binary: 1 - value
        case .categorical(let categories): value == 0 ? Float(categories.labels.count - 1) : value - 1
        case .real(let encoding): value + (value > 0 ? -1 : 1) * encoding.inputBound
        }
    }
}
