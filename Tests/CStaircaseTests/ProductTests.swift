import CStaircase
import Testing

/// Products of matrices against double precision.
@Suite struct ProductTests {
    /// Which of the matrices lie transposed: those of the pass forward, of the pass back, and of the gradient.
    enum Form: CaseIterable { case forward, backward, gradient }

    private struct Case {
        let form: Form
        let (rows, columns, depth): (Int, Int, Int)
        var adds = false
        /// What is not needed of each strip of columns.
        var strips: [staircase_strip]?

        /// Numbers between two rows or columns of a, b and c, more than they need.
        var aStride: Int { (form == .gradient ? rows : depth) + 3 }
        var bStride: Int { (form == .forward ? depth : columns) + 5 }
        var cStride: Int { columns + 2 }

        var a: [Float]
        var b: [Float]
        var c: [Float]

        init(_ form: Form, rows: Int, columns: Int, depth: Int, adds: Bool = false, strips: [staircase_strip]? = nil) {
            self.form = form
            (self.rows, self.columns, self.depth, self.adds, self.strips) = (rows, columns, depth, adds, strips)
            (a, b, c) = ([], [], [])
            var generator = Generator(state: UInt64(rows * 10_000 + columns * 100 + depth))
            a = generator.floats((form == .gradient ? depth : rows) * aStride)
            b = generator.floats((form == .forward ? columns : depth) * bStride)
            c = generator.floats(rows * cStride)
        }

        func a(_ row: Int, _ k: Int) -> Float { form == .gradient ? a[k * aStride + row] : a[row * aStride + k] }
        func b(_ k: Int, _ column: Int) -> Float {
            form == .forward ? b[column * bStride + k] : b[k * bStride + column]
        }

        /// c after the product, by `path`.
        func product(_ path: Path) -> [Float] {
            var result = c
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    result.withUnsafeMutableBufferPointer { c in
                        (strips ?? []).withUnsafeBufferPointer { bounds in
                            var product = staircase_product(
                                rows: rows, columns: columns, depth: depth, a: a.baseAddress,
                                a_row_stride: form == .gradient ? 1 : aStride,
                                a_depth_stride: form == .gradient ? aStride : 1, b: b.baseAddress,
                                b_depth_stride: form == .forward ? 1 : bStride,
                                b_column_stride: form == .forward ? bStride : 1, c: c.baseAddress, c_stride: cStride,
                                adds: adds, strips: strips == nil ? nil : bounds.baseAddress)
                            path.functions.multiply_matrices(&product)
                        }
                    }
                }
            }
            return result
        }

        /// Whether row and column of c are of what is needed.
        func isNeeded(_ row: Int, _ column: Int) -> Bool {
            guard let strip = strips?[column / Int(STAIRCASE_STRIP)] else { return true }
            return row >= strip.first_row && strip.first_depth < min(strip.end_depth, depth)
        }

        /// An element of the product by its definition.
        func expected(_ row: Int, _ column: Int) -> Double {
            let strip = strips?[column / Int(STAIRCASE_STRIP)]
            let needed = (strip?.first_depth ?? 0)..<min(strip?.end_depth ?? depth, depth)
            let start = adds ? Double(c[row * cStride + column]) : 0
            return needed.reduce(start) { $0 + Double(a(row, $1)) * Double(b($1, column)) }
        }
    }

    private static let shapes = [
        (1, 1, 1), (1, 16, 3), (3, 33, 20), (12, 32, 16), (13, 17, 255), (25, 64, 257), (67, 50, 31), (270, 40, 30),
        (11, 5, 600),
    ]

    private static func all() -> [Case] {
        Form.allCases.flatMap { form in
            shapes.flatMap { shape in
                [true, false].map { Case(form, rows: shape.0, columns: shape.1, depth: shape.2, adds: $0) }
            }
        }
    }

    private func check(_ test: Case, _ path: Path) {
        let found = test.product(path)
        var isRight = true
        for row in 0..<test.rows {
            for column in 0..<test.cStride {
                let place = row * test.cStride + column
                if column < test.columns, test.isNeeded(row, column) {
                    let error = abs(Double(found[place]) - test.expected(row, column))
                    isRight = isRight && error < 1e-6 * Double(test.depth + 4)
                } else {
                    isRight = isRight && found[place] == test.c[place]
                }
            }
        }
        #expect(isRight, "\(test.form), \(test.rows) × \(test.columns) × \(test.depth), adds \(test.adds)")
    }

    @Test(arguments: Path.all) func everyElementIsTheSumOfItsProducts(path: Path) {
        for test in Self.all() { check(test, path) }
    }

    @Test(arguments: Path.all) func whatIsNotNeededIsLeftOut(path: Path) {
        let strips = [
            staircase_strip(first_row: 0, first_depth: 0, end_depth: 0),
            staircase_strip(first_row: 5, first_depth: 3, end_depth: .max),
            staircase_strip(first_row: 0, first_depth: 250, end_depth: 270),
            staircase_strip(first_row: 30, first_depth: 0, end_depth: 300),
        ]
        for form in Form.allCases {
            for adds in [true, false] {
                check(Case(form, rows: 30, columns: 110, depth: 300, adds: adds, strips: strips), path)
            }
        }
    }

    /// Zeros of b may be skipped or not: a network's outputs do not depend on how much of its mask is used.
    @Test(arguments: Path.all) func zerosThatAreLeftOutDoNotChangeTheBits(path: Path) {
        let bounds = [(0, 290), (257, 300), (40, 200)]
        var whole = Case(.backward, rows: 20, columns: 96, depth: 300, adds: true)
        for (strip, bound) in bounds.enumerated() {
            for k in 0..<300 where k < bound.0 || k >= bound.1 {
                for column in strip * 32..<strip * 32 + 32 { whole.b[k * whole.bStride + column] = 0 }
            }
        }
        var some = whole
        some.strips = bounds.map { staircase_strip(first_row: 0, first_depth: $0.0, end_depth: $0.1) }
        #expect(whole.product(path).map(\.bitPattern) == some.product(path).map(\.bitPattern))
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        for test in Self.all() {
            let bits = Path.fused.map { test.product($0).map(\.bitPattern) }
            #expect(bits.allSatisfy { $0 == bits.first })
        }
    }

    @Test(arguments: Path.all) func squaresAreAddedUp(path: Path) {
        for count in [0, 1, 15, 16, 17, 63, 64, 100, 5000] {
            var generator = Generator(state: UInt64(count))
            let numbers = generator.floats(count)
            let expected = numbers.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(abs(path.functions.squares(count, numbers) - expected) < 1e-6 * Double(count + 1))
        }
    }

    @Test func squaresHaveTheBitsOfEveryFusedInstructionSet() {
        var generator = Generator(state: 9)
        let numbers = generator.floats(4999)
        let sums = Path.fused.map { $0.functions.squares(4999, numbers) }
        #expect(sums.allSatisfy { $0 == sums.first })
    }
}
