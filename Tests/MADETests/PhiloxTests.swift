import MADE
import Testing

@Suite struct PhiloxTests {
    /// The known answers that Salmon et al. publish for philox4x32-10.
    @Test func matchesThePublishedAnswers() {
        let zeros = Philox(seed: 0).words(at: .zero)
        #expect(zeros == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = Philox(seed: .max).words(at: SIMD4(repeating: .max))
        #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        let pi = Philox(seed: 0x299f_31d0_a409_3822)
            .words(at: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344))
        #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func streamsAndSeedsDiffer() {
        var generators = [(1, 0), (1, 1), (2, 0)].map { PhiloxGenerator(seed: $0.0, stream: $0.1) }
        let first = generators.indices.map { generators[$0].next() }
        #expect(Set(first).count == 3)
    }

    @Test func uniformsFillTheUnitInterval() {
        var generator = PhiloxGenerator(seed: 5)
        let draws = (0..<10_000).map { _ in generator.uniform() }
        #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = draws.reduce(0, +) / 10_000
        // Four standard errors of the mean of 10,000 uniforms.
        #expect(abs(mean - 0.5) < 4 * 0.2887 / 100)
    }
}
