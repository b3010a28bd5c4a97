import Foundation
import Oracle
import Testing

@testable import MADE

/// All 2^16 rows of the bundled nltcs model.
struct BundledCellTests {
    @Test func everyRowsGainsAreThoseOfItsNeighbours() throws {
        let model = try bundledNLTCS()
        let count = model.variableCount
        let rows = (0..<1 << count).map { bits in (0..<count).map { Float(bits >> $0 & 1) } }
        let scores = model.scores(rows.flatMap { $0 })
        let workspace = model.makeWorkspace()
        var (worst, atRow) = (0.0, 0)
        for (bits, row) in rows.enumerated() {
            for gain in model.gains(of: row, using: workspace) {
                let exact = scores[bits ^ 1 << gain.variable] - scores[bits]
                let isFlipped = gain.expected != Double(row[gain.variable])
                // Of two neighbours one gains what the other has more: so both conditionals are told, p = σ(±gain).
                let error = abs(gain.gain - max(exact, 0)) + (isFlipped == (gain.gain > 0) ? 0 : 1)
                if error > worst { (worst, atRow) = (error, bits) }
            }
        }
        #expect(worst < 1e-5, "\(worst) at row \(atRow)")
    }

    @Test func fullConditionalsAreThoseOfAllRows() throws {
        let model = try bundledNLTCS()
        let count = model.variableCount
        let workspace = model.makeWorkspace()
        for bits in stride(from: 0, to: 1 << count, by: 331) {
            let row = (0..<count).map { Float(bits >> $0 & 1) }
            for variable in 0..<count {
                let both = [Float(0), 1].flatMap { value in
                    var row = row
                    row[variable] = value
                    return row
                }
                let scores = model.scores(both)
                let found = model.fullConditional(of: variable, in: row, using: workspace)
                for (outcome, score) in zip(found.outcomes, scores) {
                    let exact = exp(score - scores[1]) / (1 + exp(scores[0] - scores[1]))
                    #expect(abs(outcome.probability / exact - 1) < 1e-5, "row \(bits), variable \(variable)")
                }
            }
        }
    }

    /// Numbers of diamonds, against a dense grid: what lies between points is less than is said, and than 1e-3.
    @Test func densitiesOfDiamondsAreThoseOfADenseGrid() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().appendingPathComponent("config/models/diamonds.safetensors").path
        let model = CompiledModel(try Checkpoint.read(path))
        let workspace = model.makeWorkspace()
        let rows = model.sample(SamplingRequest(count: 2, seed: 21), using: workspace).rows
        for row in [Array(rows.prefix(10)), Array(rows.suffix(10))] {
            for (index, variable) in model.card.variables.enumerated() {
                guard case .real(let encoding) = variable.kind else { continue }
                let found = model.fullConditional(of: index, in: row, using: workspace)
                let curve = try #require(found.density)
                let ends = [1e-7, 1 - 1e-7].map { curve.number(atMass: $0 * curve.mass) }.map {
                    (encoding.transform($0) - encoding.centre) / encoding.scale
                }
                let (low, count) = (ends[0] - 0.5, 12_000)
                let step = (ends[1] + 0.5 - low) / Double(count)
                let points = (0...count).map { Float(low + Double($0) * step) }
                func scores(_ values: [Float]) -> [Double] {
                    let rows = values.flatMap { u in row.enumerated().map { $0.offset == index ? u : $0.element } }
                    return zip(model.scores(rows), values).map { $0 + variable.logVolume(at: Double($1)) }
                }
                let (numbers, atoms) = (scores(points), scores(encoding.atoms.map(variable.encode)))
                let peak = (numbers + atoms).max() ?? 0
                let atomMass = atoms.reduce(0) { $0 + exp($1 - peak) } / step
                let total = numbers.reduce(atomMass) { $0 + exp($1 - peak) }
                var (below, worst) = (0.0, 0.0)
                for (place, score) in numbers.enumerated() {
                    below += exp(score - peak) / total
                    guard place % 20 == 0 else { continue }
                    let u = low + (Double(place) + 0.5) * step
                    let x = encoding.transform.inverse(encoding.centre + u * encoding.scale)
                    worst = max(worst, abs(curve.cdf(x) - below))
                }
                #expect(found.quadratureError < 1e-3, "\(variable.name) of \(row)")
                #expect(worst < 5e-4 + found.quadratureError, "\(variable.name) of \(row): \(worst)")
            }
        }
    }

    /// Numbers lost together are found by what the model itself says of them, whatever else the workspace did, and a usual row has
    /// none.
    @Test func numbersThatAreWrongTogetherGainWhatTheModelSays() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().appendingPathComponent("config/models/diamonds.safetensors").path
        let model = CompiledModel(try Checkpoint.read(path))
        let variables = model.card.variables
        let sides = try ["x", "y", "z"].map { name in try #require(variables.firstIndex { $0.name == name }) }
        let workspace = model.makeWorkspace()
        let rows = model.sample(SamplingRequest(count: 8, seed: 23), using: workspace).rows
        let volumes = LogVolumes(variables)
        func score(_ row: [Float]) -> Double {
            RowPass(row, of: model, using: workspace).logLikelihood
                + volumes.values(of: row.span).reduce(0) { $0 + $1.nats }
        }
        func change(_ row: [Float], sizeMax: Int = 3, using workspace: CompiledModel.Workspace) -> JointChange? {
            let single = model.gains(of: row, using: workspace).map(\.gain).max() ?? 0
            return model.jointChange(of: row, sizeMax: sizeMax, singleGain: single, using: workspace) { _ in true }
        }
        var unseenCount = 0
        for first in stride(from: 0, to: rows.count, by: variables.count) {
            let row = Array(rows[first..<first + variables.count])
            #expect(change(row, using: workspace) == nil)
            var wrong = row
            for side in sides { wrong[side] = variables[side].encode(0) }
            let found = try #require(change(wrong, using: workspace))
            #expect(found.variables.sorted() == sides.sorted())
            let kept = found.variables.map { variable in
                score(found.row.enumerated().map { $0.offset == variable ? wrong[variable] : $0.element })
            }
            #expect(kept == kept.sorted())
            #expect(abs(found.gain - (score(found.row) - score(wrong))) < 1e-6)
            #expect(found.gain > score(row) - score(wrong) - 5, "not much less likely than what was lost")
            for (variable, value) in found.row.enumerated() where !sides.contains(variable) {
                #expect(value == wrong[variable])
            }
            let again = change(wrong, using: model.makeWorkspace())
            #expect(again?.row == found.row && again?.gain == found.gain)
            #expect((change(wrong, sizeMax: 2, using: workspace)?.variables.count ?? 2) == 2)
            // A label that training never saw beside them, and a hole where it saw none.
            for (name, value) in [("cut", Variable.unseenValue), ("table", -Variable.missingValue)] {
                var unseen = wrong
                unseen[try #require(variables.firstIndex { $0.name == name })] = value
                // What is wrong by itself may gain more than the rest of the set.
                guard let found = change(unseen, using: workspace) else { continue }
                unseenCount += 1
                #expect(found.variables.sorted() == sides.sorted(), "\(name)")
                #expect(abs(found.gain - (score(found.row) - score(unseen))) < 1e-6, "\(name)")
            }
            for (x, y) in [(1e300, 1e300), (-1e300, 1e300), (1e300, 0), (40, -1e9)] {
                var remote = wrong
                remote[sides[0]] = variables[sides[0]].encode(x)
                remote[sides[1]] = variables[sides[1]].encode(y)
                guard let found = change(remote, using: workspace) else { continue }
                #expect(found.gain.isFinite)
                for variable in found.variables { #expect(abs(found.row[variable]) < 20, "\(x), \(y)") }
            }
            wrong[sides[0]] = .nan
            #expect(change(wrong, using: workspace) == nil, "of values that are not known nothing is said")
        }
        #expect(unseenCount >= 8)
    }

    /// All members of diamonds have carat before the sides that determine it, so their own conditionals of it are wide: the
    /// gain of a wrong carat is that of the right one all the same, at least. A peak that is narrower than the search's grid
    /// and low may be passed over.
    @Test func aWrongNumberGainsWhatTheRightOneHasWhereNoMemberPointsToIt() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().appendingPathComponent("config/models/diamonds.safetensors").path
        let model = CompiledModel(try Checkpoint.read(path))
        let carat = try #require(model.card.variables.firstIndex { $0.name == "carat" })
        let variable = model.card.variables[carat]
        let workspace = model.makeWorkspace()
        let width = model.variableCount
        let rows = model.sample(SamplingRequest(count: 30, seed: 22), using: workspace).rows
        var missed: Set<Int> = []
        for row in 0..<30 {
            let right = Array(rows[row * width..<(row + 1) * width])
            for factor in [1 / 3.0, 0.5, 2, 3] {
                var wrong = right
                wrong[carat] = variable.encode(variable.decode(right[carat]) * factor)
                // Gains are of encoded densities.
                let scores = zip(model.scores(right + wrong), [right, wrong]).map {
                    $0 + variable.logVolume(of: $1[carat])
                }
                let gain = model.gains(of: wrong, variables: [carat], using: workspace)[0].gain
                if gain <= scores[0] - scores[1] - 0.01 { missed.insert(row) }
            }
        }
        #expect(missed.count <= 1, "rows \(missed.sorted())")
    }
}
