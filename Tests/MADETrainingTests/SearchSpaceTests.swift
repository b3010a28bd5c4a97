import MADE
import MADERows
import Testing

@testable import MADETraining

/// What a search tries, before it tries it.
@Suite struct SearchSpaceTests {
    private let binary = TableSchema(binary: ["a", "b"])
    private let mixed = TableSchema(columns: [
        .init(name: "a", kind: .binary), .init(name: "n", kind: .real(step: nil)),
    ])

    private func settings(
        _ schema: TableSchema, fixed: Set<SearchedOption> = [], seed: UInt64 = 1, count: Int = 200,
        _ change: (inout TrainingOptions) -> Void = { _ in }
    ) -> [TrainingOptions] {
        var base = TrainingOptions.recommended(for: schema)
        base.seed = seed
        change(&base)
        return SearchSpace(base: base, fixed: fixed, schema: schema, rowCount: 5000).settings(count: count)
    }

    @Test func settingsAreValidDifferentAndBeginWithTheOptionsAsGiven() throws {
        for schema in [binary, mixed] {
            let settings = settings(schema)
            #expect(settings.count == 200)
            #expect(settings[0] == TrainingOptions.recommended(for: schema))
            for (index, options) in settings.enumerated() {
                #expect(throws: Never.self) { try options.check() }
                #expect(!settings[..<index].contains(options))
            }
        }
    }

    @Test func settingsFollowFromTheSeedWhateverTheirNumber() {
        #expect(Array(settings(mixed).prefix(20)) == settings(mixed, count: 20))
        let (one, other) = (settings(mixed), settings(mixed, seed: 2))
        #expect(zip(one, other).dropFirst().count { $0.words(besides: one[0]) == $1.words(besides: other[0]) } < 20)
    }

    @Test func everyOptionIsVariedAndAsOftenLeftAlone() {
        let settings = settings(mixed, count: 400)
        for option in SearchedOption.allCases {
            let words = settings.dropFirst().map { $0.words(besides: settings[0]) }
            let count = words.count { $0.contains("--\(option.rawValue)") || $0.contains("--no-\(option.rawValue)") }
            // Half of 399, less where the draw is the default; a coin decides on residual layers, of those that have any.
            #expect(count > (option == .residual ? 30 : 100) && count < 260, "\(option.rawValue): \(count) of 399")
        }
    }

    @Test func whatIsFixedOrWithoutEffectStaysAsItIs() {
        for option in SearchedOption.allCases {
            let free = settings(mixed)
            for options in settings(mixed, fixed: [option]) {
                let words = options.words(besides: free[0])
                #expect(!words.contains("--\(option.rawValue)") && !words.contains("--no-\(option.rawValue)"))
            }
        }
        // The others are drawn as they were.
        let (free, fixed) = (settings(binary, count: 20), settings(binary, fixed: [.dropout], count: 20))
        #expect(
            fixed.dropFirst().allSatisfy { options in
                free.contains { $0.l1 == options.l1 && $0.learningRate == options.learningRate }
            })
        let words = Set(settings(binary).flatMap { $0.words(besides: settings(binary)[0]) })
        #expect(words.isDisjoint(with: ["--components", "--input-noise", "--steps"]))
        let shallow = settings(binary) { $0.hiddenWidths = [] }
        #expect(shallow.allSatisfy { $0.hiddenWidths == [] && $0.dropout == 0 && !$0.isResidual })
        #expect(settings(binary) { $0.isDirect = false }.allSatisfy { $0.directL1 == 0.25 })
        #expect(settings(binary, fixed: Set(SearchedOption.allCases)).count == 1)
        #expect(settings(mixed, fixed: Set(SearchedOption.allCases).subtracting([.residual])).count == 2)
    }

    @Test func argumentsTellEveryOptionAndReadBackAsTheSameBits() {
        let options = settings(mixed)
        for options in options {
            let texts = Dictionary(uniqueKeysWithValues: options.arguments.map { ($0.name, $0.text) })
            #expect(Float(texts["learning-rate"] ?? "") == options.learningRate)
            #expect(Float(texts["l1"] ?? "") == options.l1)
            #expect(Float(texts["weight-decay"] ?? "") == options.weightDecay)
            #expect(Float(texts["input-noise"] ?? "") == options.inputNoise)
        }
        // All stored properties but the number of threads: a state file has to tell all that a result follows from.
        #expect(options[0].arguments.count == Mirror(reflecting: options[0]).children.count - 1)
        #expect(Set(options[0].arguments.map(\.name)).count == options[0].arguments.count)
    }
}
