public import MADE

/// Small models with random weights, for property tests.
public enum RandomModel {
    /// A model of binary variables; orderings natural or random, degrees random or spread, by the generator.
    public static func binary(
        variableCount: Int, hiddenWidths: [Int], activation: Activation = .relu, direct: Bool = false,
        memberCount: Int = 1, encoding: AffineEncoding = .identity, using generator: inout PhiloxGenerator
    ) -> DensityModel {
        mixed(
            (0..<variableCount).map { Variable(name: "v\($0)", kind: .binary(encoding)) }, hiddenWidths: hiddenWidths,
            activation: activation, direct: direct, memberCount: memberCount, using: &generator)
    }

    /// A model of `variables` of any kind; orderings natural or random. With `isResidual` all layers have the same degrees,
    /// where widths are equal.
    public static func mixed(
        _ variables: [Variable], hiddenWidths: [Int], activation: Activation = .relu, direct: Bool = false,
        isResidual: Bool = false, memberCount: Int = 1, using generator: inout PhiloxGenerator
    ) -> DensityModel {
        let layout = UnitLayout(variables)
        var networks: [MaskedNetwork] = []
        var members: [Member] = []
        for network in 0..<memberCount {
            let ordering =
                Bool.random(using: &generator)
                ? Ordering.natural(count: variables.count)
                : Ordering.random(count: variables.count, using: &generator)
            let degrees =
                isResidual || Bool.random(using: &generator)
                ? Degrees.spread(widths: hiddenWidths, variableCount: variables.count)
                : hiddenWidths.map { width in
                    (0..<width).map { _ in Int.random(in: 0..<variables.count, using: &generator) }
                }
            members.append(Member(network: network, ordering: ordering, hiddenDegrees: degrees))
            let widths = [layout.inputUnitCount] + hiddenWidths + [layout.outputUnitCount]
            networks.append(
                MaskedNetwork(
                    layers: zip(widths, widths.dropFirst()).map { inputs, outputs in
                        MaskedNetwork.Layer(
                            weight: random(rows: outputs, columns: inputs, using: &generator),
                            bias: random(rows: outputs, columns: 1, using: &generator).elements)
                    },
                    direct: direct
                        ? random(rows: layout.outputUnitCount, columns: layout.inputUnitCount, using: &generator) : nil)
            )
        }
        return DensityModel(
            name: "random", variables: variables, activation: activation, isResidual: isResidual, networks: networks,
            members: members)
    }

    /// Variables of all kinds, `count` of them: binary, categorical of 2 to 6 labels, real of 1 to 5 Gaussians with centres
    /// and scales of any size, some with a step. On request labels have rare ones beside them or counts of their rows, or
    /// there is one alone, and values never seen have a probability; `withOutcomes`, half of all variables have missing values
    /// for an outcome, and half of the real ones atoms.
    public static func variables(
        count: Int, withUnseen: Bool = false, withOutcomes: Bool = false, using generator: inout PhiloxGenerator
    ) -> [Variable] {
        (0..<count).map { index in
            let kind: Variable.Kind
            var unseen: UnseenValues?
            let hasMissing = withOutcomes && Bool.random(using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                kind = .binary(.plusMinusOne)
                if withUnseen { unseen = UnseenValues(rowCount: Int.random(in: 0...5000, using: &generator)) }
            case 1 where withUnseen:
                let categories = categories(using: &generator)
                kind = .categorical(categories)
                unseen = unseenValues(using: &generator)
            case 1:
                let labelCount = Int.random(in: 2...6, using: &generator)
                kind = .categorical(Categories(labels: (0..<labelCount).map { "label \($0)" }))
            case let choice:
                var encoding = realEncoding(hasStep: choice == 3, using: &generator)
                if withUnseen { unseen = UnseenValues(rowCount: Int.random(in: 0...5000, using: &generator)) }
                if withOutcomes, Bool.random(using: &generator) {
                    encoding.atoms = (-3...3).filter { _ in Bool.random(using: &generator) }.map {
                        encoding.centre + Double($0) * abs(encoding.scale)
                    }
                }
                kind = .real(encoding)
            }
            return Variable(name: "v\(index)", kind: kind, unseen: unseen, hasMissing: hasMissing)
        }
    }

    /// One to five labels, and half of the time up to four rare ones that share one of them.
    public static func categories(using generator: inout PhiloxGenerator) -> Categories {
        let labels = (0..<Int.random(in: 1...5, using: &generator)).map { "label \($0)" }
        let rare = (0..<Int.random(in: 1...4, using: &generator)).map { "rare \($0)" }
        guard Bool.random(using: &generator) else { return Categories(labels: labels) }
        return Categories(
            labels: labels, otherIndex: Int.random(in: labels.indices, using: &generator),
            rowCounts: labels.map { _ in Int.random(in: 0...900, using: &generator) }, rareLabels: rare,
            rareRowCounts: rare.map { _ in Int.random(in: 1...9, using: &generator) })
    }

    /// Of a few rows or of many, with no value, some or nearly all values seen once.
    public static func unseenValues(using generator: inout PhiloxGenerator) -> UnseenValues {
        let rowCount = [3, 60, 2000, 1_000_000].randomElement(using: &generator) ?? 1
        let once = [0, 1, rowCount / 9, rowCount / 2].randomElement(using: &generator) ?? 0
        return UnseenValues(
            rowCount: rowCount, singletonCount: once,
            doubletonCount: Int.random(in: 0...(rowCount - once) / 4, using: &generator))
    }

    /// Centres that dwarf the scale, scales that dwarf it, tiny and huge ones, some that turn the order round, some of
    /// logarithms.
    public static func realEncoding(hasStep: Bool = false, using generator: inout PhiloxGenerator) -> RealEncoding {
        let sizes: [(centre: Double, scale: Double, step: Double, linearWidth: Double?)] = [
            (20 * Double(generator.uniform() - 0.5), 0.3 + 3 * Double(generator.uniform()), 0.5, nil),
            (1.7e12, 1e10, 1, nil), (1e9, 1, 0.001, nil), (1.7e9, 40, 1, nil), (3e-9, 1e-9, 1e-11, nil),
            (-2e9, 1e9, 1000, nil), (12.5, -0.25, 0.01, nil), (0, 1e-60, 1e-62, nil),
            (60, 9, 0.01, 10), (0.1, 0.6, 0.001, 0.25), (-4e5, -1e5, 1, 7e4), (3e-59, 1e-59, 1e-62, 1e-59),
        ]
        let size = sizes.randomElement(using: &generator) ?? (0, 1, 1, nil)
        return RealEncoding(
            centre: size.centre, scale: size.scale, linearWidth: size.linearWidth,
            unit: size.linearWidth.map { 3 * $0 },
            componentCount: Int.random(in: 1...5, using: &generator),
            scaleFloor: 0.01 + 0.2 * generator.uniform(), inputBound: 1 + 4 * generator.uniform(),
            step: hasStep ? size.step : nil)
    }

    /// An encoded row [D] of values that `variables` may take, one in three of them a missing one or an atom where those are
    /// outcomes; other reals lie within ±4.
    public static func row(of variables: [Variable], using generator: inout PhiloxGenerator) -> [Float] {
        variables.map { variable in
            let atoms = if case .real(let encoding) = variable.kind { encoding.atoms } else { [Double]() }
            let outcomes = (variable.hasMissing ? [Variable.missingValue] : []) + atoms.map(variable.encode)
            if !outcomes.isEmpty, Int.random(in: 0..<3, using: &generator) == 0 {
                return outcomes.randomElement(using: &generator) ?? 0
            }
            switch variable.kind {
            case .binary: return Bool.random(using: &generator) ? 1 : 0
            case .categorical(let categories):
                return Float(Int.random(in: categories.labels.indices, using: &generator))
            case .real: return 8 * (generator.uniform() - 0.5)
            }
        }
    }

    /// The same with values that no network takes among them: missing with a probability of `missing`, else one time in
    /// three never seen or a rare label, where the variable has such.
    public static func unusualRow(
        of variables: [Variable], missing: Float = 0, using generator: inout PhiloxGenerator
    ) -> [Float] {
        zip(variables, row(of: variables, using: &generator)).map { variable, value in
            if generator.uniform() < missing { return .nan }
            guard Int.random(in: 0..<3, using: &generator) == 0 else { return value }
            if variable.isReal {
                return variable.hasMissing || variable.unseen == nil ? value : variable.valueOfMissing
            }
            guard case .categorical(let categories) = variable.kind,
                let rare = categories.rareLabels.indices.randomElement(using: &generator),
                Bool.random(using: &generator)
            else { return variable.unseen == nil ? value : Variable.unseenValue }
            return Float(categories.labels.count + rare)
        }
    }

    /// Uniform in ±1.5 / √columns, so that the sums neither vanish nor saturate.
    private static func random(rows: Int, columns: Int, using generator: inout PhiloxGenerator) -> Matrix {
        let span = 3 / Float(columns).squareRoot()
        return Matrix(rows: rows, columns: columns) { _, _ in (generator.uniform() - 0.5) * span }
    }
}
