import Foundation
import Oracle

@testable import MADE

/// All rows that agree with some evidence, reals on a grid, with the probability of each: what samples, integrals and
/// conditionals of a small model are held against.
struct GridDistribution {
    let variables: [Variable]
    /// [m × D], and p of each row times its cell [m].
    let rows: [Float]
    let masses: [Double]
    private let stepsPerUnit: Int

    /// Of every member together, or of one alone. The midpoint rule converges geometrically for densities as smooth as those
    /// of models whose scale floor is 0.4 or more.
    init(_ model: CompiledModel, evidence: [Float], member: Int? = nil, stepsPerUnit: Int = 5, width: Int = 14) {
        variables = model.card.variables
        self.stepsPerUnit = stepsPerUnit
        var rows: [[Float]] = [[]]
        var cell = 1.0
        for (variable, known) in zip(variables, evidence) {
            let values: [Float]
            switch variable.kind {
            case _ where !known.isNaN: values = [known]
            case .binary: values = [0, 1]
            case .categorical(let categories): values = categories.labels.indices.map(Float.init)
            case .real:
                let count = width * stepsPerUnit
                values = (-count...count).map { Float($0) / Float(stepsPerUnit) }
                cell /= Double(stepsPerUnit)
            }
            rows = rows.flatMap { row in values.map { row + [$0] } }
        }
        self.rows = rows.flatMap { $0 }
        masses = model.scores(self.rows).map { exp($0) * cell }
    }

    var total: Double { masses.reduce(0, +) }

    /// P(condition | evidence).
    func probability(_ condition: (ArraySlice<Float>) -> Bool) -> Double {
        let count = variables.count
        return masses.indices.reduce(0.0) { sum, index in
            condition(rows[index * count..<(index + 1) * count]) ? sum + masses[index] : sum
        } / total
    }

    /// The events that marginals and pairs are told by: a label, or a real at most one of some thresholds, which lie between
    /// the points of the grid.
    func events(of variable: Int) -> [(Float) -> Bool] {
        switch variables[variable].kind {
        case .binary: return [{ $0 == 1 }]
        case .categorical(let categories):
            return categories.labels.indices.map { label in { $0 == Float(label) } }
        case .real:
            return [-3.5, -1.5, -0.5, 0.5, 2.5, 5.5].map { steps in
                let edge = Float(steps) / Float(stepsPerUnit)
                return { $0 <= edge }
            }
        }
    }
}

extension RandomModel {
    /// A real variable that takes a few numbers with uneven gaps, the column's decimals some of them and others with more digits
    /// than its encoding; others as they are.
    static func withSupport(_ variable: Variable, using generator: inout PhiloxGenerator) -> Variable {
        guard case .real(var encoding) = variable.kind else { return variable }
        let numbers = (0..<Int.random(in: 1...12, using: &generator)).map { place in
            let number = encoding.centre + encoding.scale * Double(6 * generator.uniform() - 3)
            return place % 2 == 0 ? number : (number * 100).rounded() / 100
        }
        encoding.support = Set(numbers).sorted()
        return Variable(name: variable.name, kind: .real(encoding))
    }

    /// Variables of the given kinds, `b` binary, `c` of three labels, `r` real, as smooth as a grid needs.
    static func smooth(_ kinds: String, using generator: inout PhiloxGenerator) -> [Variable] {
        kinds.enumerated().map { index, kind in
            switch kind {
            case "b": Variable(name: "v\(index)", kind: .binary(.plusMinusOne))
            case "c": Variable(name: "v\(index)", kind: .categorical(Categories(labels: ["x", "y", "z"])))
            default:
                Variable(
                    name: "v\(index)",
                    kind: .real(
                        RealEncoding(
                            centre: 20 * Double(generator.uniform() - 0.5), scale: index % 2 == 0 ? 0.5 : -10 / 3.0,
                            componentCount: 1 + index % 3, scaleFloor: 0.4, inputBound: 3)))
            }
        }
    }
}
