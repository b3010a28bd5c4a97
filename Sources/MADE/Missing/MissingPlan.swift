/// How each member integrates out the missing variables of one row.
struct MissingPlan {
    /// What one member does.
    enum Way: Equatable {
        /// Sums over this many combinations of values of the missing variables before its last observed one.
        case sum(combinations: Int)
        /// Averages over this many draws.
        case average(particles: Int)
    }

    /// One a member.
    let ways: [Way]
    /// For each member, the number of positions up to and with the last observed one.
    let ends: [Int]

    init(_ row: [Float], _ card: ModelCard, _ missing: MissingValues) {
        let memberCount = card.orderings.count
        let share = max(missing.particles / memberCount, 1)
        ends = card.orderings.map { ordering in
            (ordering.variables.lastIndex { !row[$0].isNaN } ?? -1) + 1
        }
        let combinations = zip(card.orderings, ends).map { ordering, end in
            ordering.variables.prefix(end).reduce(1) { count, variable -> Int? in
                guard row[variable].isNaN, let count else { return count }
                guard let own = card.variables[variable].valueCount, own <= share / count else { return nil }
                return count * own
            }
        }
        let drawing = combinations.count { $0 == nil }
        // A variance takes two.
        let particles = max((missing.particles + drawing - 1) / max(drawing, 1), missing.givesErrors ? 2 : 1)
        ways = combinations.map { $0.map { .sum(combinations: $0) } ?? .average(particles: particles) }
    }

    /// Rows that go through a member, all members together.
    var passCount: Int {
        ways.reduce(0) { sum, way in
            switch way {
            case .sum(let combinations): sum + combinations
            case .average(let particles): sum + particles
            }
        }
    }
}

extension Variable {
    /// Number of values that the variable may take, a missing one too where it is an outcome; nil of a real one.
    var valueCount: Int? { isReal ? nil : classCount }

    /// The encoded value of one of them.
    func value(ofClass index: Int) -> Float {
        hasMissing && index == classCount - 1 ? Self.missingValue : Float(index)
    }
}
