import CStaircase
import Foundation
import Testing

extension Path {
    /// The draws of one variable [rows], whose output units z and `direct` [rows * stride] are there already.
    fileprivate func draws(
        _ variable: staircase_variable, z: [Float], direct: [Float]? = nil, stride: Int, inverseTemperature: Float = 1,
        uniforms: [Float], normals: [Float]? = nil
    ) -> [Float] {
        let rows = uniforms.count
        let behind = [Float](repeating: -7, count: 15)
        let numbers = Memory(uniforms + behind)
        let values = Memory([Float](repeating: .nan, count: rows * 3))
        let outputs = ([z] + (direct.map { [$0] } ?? [])).map { Memory($0) }
        let (variable, evidence, normals) = (Memory([variable]), Memory([Float.nan]), normals.map { Memory($0) })
        let variables = Memory([staircase_variables(count: 1, variables: variable.base, order: nil)])
        // A layer without panels adds nothing to what its outputs hold, and these are taken to be complete.
        let (layer, ends) = (Memory([staircase_layer()]), Memory([0, 0]))
        let progress = Memory([Int](repeating: 1, count: 64))
        let layers = Memory(
            outputs.map {
                staircase_growing_layer(
                    layer: layer.base, ends: ends.base, x: nil, x_stride: 0, y: $0.base, y_stride: stride,
                    is_residual: false, progress: progress.base)
            })
        var pass = staircase_pass()
        pass.rows = rows
        pass.variables = UnsafePointer(variables.base)
        (pass.layers, pass.layer_count) = (UnsafePointer(layers.base), outputs.count)
        pass.evidence = UnsafePointer(evidence.base)
        pass.inverse_temperature = inverseTemperature
        (pass.uniforms, pass.normals) = (numbers.base, normals.map { UnsafePointer($0.base) })
        (pass.values, pass.values_stride) = (values.base, 3)
        let parts: [Any?] = [variable, evidence, normals, variables, layer, ends, progress, layers, outputs]
        withExtendedLifetime(parts) { functions.sample(&pass) }
        #expect(numbers.elements.suffix(15) == behind[...])
        #expect(values.elements.enumerated().allSatisfy { $0 % 3 == 0 || $1.isNaN })
        return (0..<rows).map { values.elements[3 * $0] }
    }
}

/// A copy of some elements in memory of its own.
private final class Memory<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    private let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        base = .allocate(capacity: max(count, 1))
        base.initialize(from: elements, count: count)
    }

    var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

    deinit { base.deallocate() }
}

extension staircase_variable {
    fileprivate static var binary: staircase_variable {
        var variable = staircase_variable()
        variable.kind = STAIRCASE_BINARY
        variable.count = 1
        return variable
    }

    fileprivate static func category(_ count: Int) -> staircase_variable {
        var variable = staircase_variable()
        variable.kind = STAIRCASE_CATEGORICAL
        variable.count = UInt32(count)
        return variable
    }

    fileprivate static func real(_ count: Int, centre: Double, scale: Double) -> staircase_variable {
        var variable = staircase_variable()
        variable.kind = STAIRCASE_REAL
        variable.count = UInt32(count)
        variable.centre = centre
        variable.scale = scale
        (variable.minimum, variable.maximum) = (-.infinity, .infinity)
        variable.scale_floor = 0.01
        return variable
    }
}

struct DrawTests {
    /// Output units of `count` a row, with what the direct connections add to them.
    private struct Outputs {
        var rows: Int
        var stride: Int
        var z: [Float]
        var direct: [Float]?

        init(rows: Int, count: Int, scale: Float, direct: Bool, using generator: inout Generator) {
            self.rows = rows
            stride = count + Int.random(in: 0...3, using: &generator)
            z = generator.floats(rows * stride, in: -scale...scale)
            self.direct = direct ? generator.floats(rows * stride, in: -scale...scale) : nil
        }

        func unit(_ row: Int, _ index: Int) -> Float {
            z[row * stride + index] + (direct.map { $0[row * stride + index] } ?? 0)
        }

        /// The cumulative softmax of units 0..<count.
        func cumulative(_ row: Int, count: Int, inverseTemperature: Double) -> [Double] {
            let logits = (0..<count).map { Double(unit(row, $0)) * inverseTemperature }
            let peak = logits.max() ?? 0
            var sum = 0.0
            let sums = logits.map { logit in
                sum += exp(logit - peak)
                return sum
            }
            return sums.map { $0 / sum }
        }
    }

    @Test(arguments: Path.all) func aBinaryValueIsOneBelowItsProbability(path: Path) {
        for seed in UInt64(0)..<60 {
            var generator = Generator(state: seed)
            let rows = Int.random(in: 1...40, using: &generator)
            let outputs = Outputs(rows: rows, count: 1, scale: 6, direct: seed % 2 == 0, using: &generator)
            let uniforms = generator.floats(rows, in: 0...1)
            let x = path.draws(
                .binary, z: outputs.z, direct: outputs.direct, stride: outputs.stride, inverseTemperature: 0.5,
                uniforms: uniforms)
            for row in 0..<rows {
                let p = 1 / (1 + exp(-Double(outputs.unit(row, 0)) * 0.5))
                guard abs(Double(uniforms[row]) - p) > 5e-7 else { continue }
                #expect(x[row] == (Double(uniforms[row]) < p ? 1 : 0), "seed \(seed), row \(row)")
            }
        }
    }

    @Test(arguments: Path.all) func aBinaryValueOfAnyNumberIsOneBelowItsProbability(path: Path) {
        let powers = (1...24).map { exp2(-Float($0)) }
        let middle = (1...2000).map { Float($0) / 2001 }
        for uniform in middle + powers + powers.map({ 1 - $0 }) + [1] {
            // The logit itself, and what is as far below and above it as floats of this size can tell.
            let number = min(Double(uniform), 1 - exp2(-24))
            let logit = log(number / (1 - number))
            let margin = 3e-7 * max(abs(logit), 1)
            let x = path.draws(
                .binary, z: [Float(logit - margin), Float(logit + margin)], stride: 1, uniforms: [uniform, uniform])
            #expect(x == [0, 1], "of \(uniform)")
        }
    }

    @Test(arguments: Path.all) func aCategoryIsTheFirstThatReachesItsUniformNumber(path: Path) {
        for seed in UInt64(0)..<60 {
            var generator = Generator(state: seed)
            let rows = Int.random(in: 1...40, using: &generator)
            let count = Int.random(in: 1...(seed % 5 == 0 ? 300 : 9), using: &generator)
            let outputs = Outputs(
                rows: rows, count: count, scale: [1, 5, 40][Int(seed % 3)], direct: seed % 2 == 0, using: &generator)
            let uniforms = generator.floats(rows, in: 0...1)
            let x = path.draws(
                .category(count), z: outputs.z, direct: outputs.direct, stride: outputs.stride, inverseTemperature: 0.5,
                uniforms: uniforms)
            for row in 0..<rows {
                let cumulative = outputs.cumulative(row, count: count, inverseTemperature: 0.5)
                let uniform = Double(uniforms[row])
                guard cumulative.allSatisfy({ abs($0 - uniform) > 1e-5 }) else { continue }
                #expect(Int(x[row]) == cumulative.firstIndex { $0 >= uniform }, "seed \(seed), row \(row)")
            }
        }
    }

    @Test(arguments: Path.all) func aRealIsTheQuantileOfItsGaussian(path: Path) {
        for seed in UInt64(0)..<60 {
            var generator = Generator(state: seed)
            let rows = Int.random(in: 1...40, using: &generator)
            let count = Int.random(in: 1...6, using: &generator)
            let outputs = Outputs(
                rows: rows, count: 3 * count, scale: 3, direct: seed % 2 == 0, using: &generator)
            let uniforms = generator.floats(rows, in: 0...1)
            let normals = generator.floats(rows, in: 0.0001...0.9999)
            let real = staircase_variable.real(
                count, centre: Double.random(in: -5...5, using: &generator), scale: seed % 4 == 0 ? -2 : 0.5)
            let x = path.draws(
                real, z: outputs.z, direct: outputs.direct, stride: outputs.stride, inverseTemperature: 0.25,
                uniforms: uniforms, normals: normals)
            for row in 0..<rows {
                let cumulative = outputs.cumulative(row, count: count, inverseTemperature: 0.25)
                let uniform = Double(uniforms[row])
                guard cumulative.allSatisfy({ abs($0 - uniform) > 1e-5 }) else { continue }
                let component = cumulative.firstIndex { $0 >= uniform } ?? count
                let mean = Double(outputs.unit(row, count + component))
                let deviation = 0.01 + log1p(exp(Double(outputs.unit(row, 2 * count + component))))
                // The variance is divided by a quarter.
                let cumulated = erfc(-(Double(x[row]) - mean) / (2 * deviation) / 2.0.squareRoot()) / 2
                #expect(abs(cumulated - Double(normals[row])) < 2e-5, "seed \(seed), row \(row)")
            }
        }
    }

    @Test(arguments: Path.all) func normalQuantilesAreExactToTheirLastBits(path: Path) {
        // A standard Gaussian: a mean of 0 and log(1 + e^s) = 1.
        var real = staircase_variable.real(1, centre: 0, scale: 1)
        real.scale_floor = 0
        let z: [Float] = [0, 0, Float(log(M_E - 1))]
        let middle = (1...2000).map { Float($0) / 2001 }
        let powers = (1...26).map { exp2(-Float($0)) }
        let numbers = middle + powers + powers.map { 1 - $0 }
        for number in numbers {
            let x = path.draws(real, z: z, stride: 3, uniforms: [0.5], normals: [number])[0]
            let reached = min(number, 1 - exp2(-24))
            // One Newton step of the exact equation from x: what x is off by.
            let isLower = reached < 0.5
            let z = Double(x)
            let tail = erfc((isLower ? -z : z) / 2.0.squareRoot()) / 2
            let exact = isLower ? Double(reached) : 1 - Double(reached)
            let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
            let miss: Double = abs(tail - exact) / density
            #expect(miss <= 5e-7 * max(abs(z), 1e-3), "of \(number): \(x)")
        }
    }

    @Test(arguments: Path.all) func aStepRoundsToTheDoublesOfItsMultiples(path: Path) {
        var generator = Generator(state: 3)
        for (over, under) in [(1.0, 1.0), (1, 100), (1, 10), (5, 1), (1, 4), (25, 1000)] {
            var real = staircase_variable.real(1, centre: 7 * over / under, scale: 50 * over / under)
            (real.step_over, real.step_under) = (over, under)
            let uniforms = generator.floats(400, in: 0...1)
            let normals = generator.floats(400, in: 0.001...0.999)
            let x = path.draws(real, z: generator.floats(1200), stride: 3, uniforms: uniforms, normals: normals)
            #expect(Set(x).count > 100)
            for value in x {
                let steps = ((real.centre + Double(value) * real.scale) * under / over).rounded()
                let encoded = (steps * over / under - real.centre) * (1 / real.scale)
                #expect(value == Float(encoded), "step \(over) / \(under)")
                #expect(!(value == 0 && value.sign == .minus))
            }
        }
    }

    @Test(arguments: Path.all) func drawsAreTheNearestNumbersOfTheSupport(path: Path) {
        var generator = Generator(state: 5)
        for support in [[3.0], [-1, 0.5, 0.51, 4], (0..<100).map { Double($0 * $0) / 500 - 8 }] {
            for scale in [2.0, -2] {
                let z = generator.floats(1200)
                let uniforms = generator.floats(400, in: 0...1)
                let normals = generator.floats(400, in: 0.001...0.999)
                var real = staircase_variable.real(1, centre: 1, scale: scale)
                let free = path.draws(real, z: z, stride: 3, uniforms: uniforms, normals: normals)
                let drawn = support.withUnsafeBufferPointer { numbers in
                    (real.support, real.support_count) = (numbers.baseAddress, numbers.count)
                    // Without effect beside a support.
                    (real.step_over, real.step_under) = (1, 3)
                    return path.draws(real, z: z, stride: 3, uniforms: uniforms, normals: normals)
                }
                for (value, own) in zip(free, drawn) {
                    let number = 1 + Double(value) * scale
                    let nearest = support.reduce(support[0]) { abs($1 - number) < abs($0 - number) ? $1 : $0 }
                    let distance = abs(1 + Double(own) * scale - number) - abs(nearest - number)
                    #expect(abs(distance) < 1e-5 && support.contains { Float(($0 - 1) * (1 / scale)) == own })
                }
                if support.count > 50 { #expect(Set(drawn).count > 30) }
            }
        }
    }

    /// Beyond the ends, whether they are multiples of the step or not, lies nothing; near them does.
    @Test(arguments: Path.all) func drawsLieWithinTheRange(path: Path) {
        var generator = Generator(state: 4)
        for (scale, step, minimum, maximum) in [
            (2.0, 0.0, -1.25, 1.7), (-2, 0, -1.25, 1.7), (1e10, 1, -3e9, 2.5e10), (0.5, 0.1, -0.33, -0.31),
            (1e-60, 0, 0, 1e-60),
        ] {
            var real = staircase_variable.real(1, centre: 0, scale: scale)
            (real.step_over, real.step_under) = (step, 1)
            (real.minimum, real.maximum) = (minimum, maximum)
            let x = path.draws(
                real, z: generator.floats(1200, in: -2...2), stride: 3, uniforms: generator.floats(400, in: 0...1),
                normals: generator.floats(400, in: 0.001...0.999))
            let ends = [Float(minimum * (1 / scale)), Float(maximum * (1 / scale))].sorted()
            #expect(x.allSatisfy { $0 >= ends[0] && $0 <= ends[1] }, "scale \(scale)")
            let near = (ends[1] - ends[0]) / 50
            #expect(x.contains { $0 <= ends[0] + near } && x.contains { $0 >= ends[1] - near }, "scale \(scale)")
        }
    }

    @Test(arguments: Path.all) func extremeOutputsGiveValues(path: Path) {
        let extremes: [Float] = [
            1e30, -1e30, .infinity, -.infinity, .greatestFiniteMagnitude, 0, .nan, 88, -88, -.greatestFiniteMagnitude,
        ]
        var real = staircase_variable.real(2, centre: 3, scale: 1e30)
        for seed in UInt64(0)..<200 {
            var generator = Generator(state: seed)
            (real.step_over, real.step_under) = (seed % 2 == 0 ? 0 : 1, 1)
            // Powers of ten at both ends of what doubles can be.
            if seed % 3 == 0 { (real.centre, real.scale) = (1e300, seed % 2 == 0 ? 1e-300 : 1e300) }
            if seed % 3 == 1 { real.step_under = 1e18 }
            let z = (0..<6 * 17).map { _ in extremes.randomElement(using: &generator) ?? 0 }
            let edges: [Float] = [1, 0.5, 0x1p-25]
            let uniforms = (0..<17).map { _ in edges.randomElement(using: &generator) ?? 0 }
            let normals = (0..<17).map { _ in edges.randomElement(using: &generator) ?? 0 }
            let reals = path.draws(real, z: z, stride: 6, uniforms: uniforms, normals: normals)
            #expect(reals.allSatisfy { $0.isFinite }, "seed \(seed)")
            let categories = path.draws(.category(6), z: z, stride: 6, uniforms: uniforms)
            #expect(categories.allSatisfy { (0..<6).contains($0) && $0 == $0.rounded() }, "seed \(seed)")
            let bits = path.draws(.binary, z: z, stride: 6, uniforms: uniforms)
            #expect(bits.allSatisfy { $0 == 0 || $0 == 1 }, "seed \(seed)")
        }
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        var generator = Generator(state: 21)
        for _ in 0..<40 {
            let outputs = Outputs(rows: 33, count: 12, scale: 5, direct: true, using: &generator)
            let uniforms = generator.floats(33, in: 0...1)
            let normals = generator.floats(33, in: 0...1)
            let bits = Path.fused.map { path in
                [staircase_variable.category(12), .real(4, centre: 1, scale: 0.3)].flatMap { variable in
                    path.draws(
                        variable, z: outputs.z, direct: outputs.direct, stride: outputs.stride, inverseTemperature: 1.5,
                        uniforms: uniforms, normals: normals
                    ).map(\.bitPattern)
                }
            }
            #expect(bits.allSatisfy { $0 == bits.first })
        }
    }
}
