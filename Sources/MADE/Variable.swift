#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// One column of the modelled table.
///
/// Its values as numbers are 0 and 1, a label's index, or the number itself in the data's own units. As a network takes them
/// they are `Float`s, encoded: the same, but of a real variable u = (x − centre) / scale. NaN is a value that is not known. A
/// missing value may be an outcome like another, and so may single numbers of a real variable: these outcomes have encoded
/// values of their own, beyond all others (`outcomeValue`).
public struct Variable: Sendable, Equatable {
    /// The variable's type, with how its values become the network's input units.
    public enum Kind: Sendable, Equatable {
        /// Values 0 and 1; one input unit, one output unit: the logit of p(x_d = 1 | x_<d). Where a missing value is an
        /// outcome, three units each, as of a categorical variable of the labels 0 and 1.
        case binary(AffineEncoding)
        /// Values 0…K−1, the indices of labels; K input units of which the value's is 1 and the others are 0, K output
        /// units: the logits whose softmax is p(x_d | x_<d). Values from K on are rare labels (see `Categories`). Where a
        /// missing value is an outcome, it has one more unit each, the last.
        case categorical(Categories)
        /// Finite numbers; one input unit, 3K output units: the parameters of a mixture of K Gaussians (see `RealEncoding`).
        /// With S outcomes that have a probability of their own (a missing value, atoms) S input units follow, 1 for the
        /// outcome and 0 for the others, and S + 1 logits stand before the mixture: those of the outcomes and of a number.
        case real(RealEncoding)

        /// The type as answers and listings name it: `binary`, `categorical` or `real`.
        public var typeName: String {
            switch self {
            case .binary: "binary"
            case .categorical: "categorical"
            case .real: "real"
            }
        }
    }

    /// The column's name, unique within a model.
    public let name: String
    /// Its type and encoding.
    public let kind: Kind
    /// How likely a value is that training never saw; nil where such a value is an error. Of a real variable the one value
    /// that may be unseen is a missing one.
    public let unseen: UnseenValues?
    /// Whether a missing value is an outcome like another, learned where training had some.
    public let hasMissing: Bool

    /// A column named `name`.
    public init(name: String, kind: Kind, unseen: UnseenValues? = nil, hasMissing: Bool = false) {
        self.name = name
        self.kind = kind
        self.unseen = unseen
        self.hasMissing = hasMissing
    }

    /// Number of network inputs that carry a value of this variable.
    public var inputUnitCount: Int {
        switch kind {
        case .binary: isSingleUnit ? 1 : classCount
        case .categorical: classCount
        case .real: 1 + outcomeCount
        }
    }

    /// Number of network outputs that parametrise this variable's conditional.
    public var outputUnitCount: Int {
        switch kind {
        case .binary: isSingleUnit ? 1 : classCount
        case .categorical: classCount
        case .real(let encoding): classCount + 3 * encoding.componentCount
        }
    }

    /// Whether its values are 0 and 1 and nothing else, which one logit tells apart.
    public var isSingleUnit: Bool { isBinary && !hasMissing }

    /// Number of classes whose probabilities a softmax gives: 0 and 1, labels, the outcomes of a real variable and "a number";
    /// a missing value too where it is an outcome. 0 of a real variable without outcomes.
    public var classCount: Int {
        switch kind {
        case .binary: hasMissing ? 3 : 2
        case .categorical(let categories): categories.labels.count + (hasMissing ? 1 : 0)
        case .real: outcomeCount > 0 ? outcomeCount + 1 : 0
        }
    }

    /// The class of an encoded value, a rare label's being the one that it shares; nil where the value is not known or was
    /// never seen.
    public func classIndex(of value: Float) -> Int? {
        guard value > -1e30 else { return nil }
        switch kind {
        case .binary: return value < 0 ? nil : value < Self.missingValue ? Int(value) : 2
        case .categorical(let categories):
            if value < 0 { return nil }
            if value >= Self.missingValue { return categories.labels.count }
            return value < Float(categories.labels.count) ? Int(value) : categories.otherIndex
        case .real: return value < Self.missingValue ? outcomeCount : Int(value / Self.missingValue) - outcomeOffset
        }
    }

    /// Outcomes of a real variable that have a probability of their own, S: a missing value where it is one, then the atoms.
    public var outcomeCount: Int {
        guard case .real(let encoding) = kind else { return 0 }
        return encoding.atoms.count + (hasMissing ? 1 : 0)
    }

    /// How much more a real variable's encoded outcome is, over `missingValue`, than its class.
    public var outcomeOffset: Int { hasMissing ? 1 : 2 }

    /// The encoded value of an outcome that is no label, and no number of a mixture: 0 is a missing value, k + 1 atom k of a
    /// real variable. As the kernels have it.
    static func outcomeValue(_ outcome: Int) -> Float { Float(outcome + 1) * missingValue }

    private static func outcome(of value: Float) -> Int { Int(value / missingValue) - 1 }

    /// The encoded value of a missing value where that is an outcome.
    public static let missingValue: Float = 0x1p101

    /// What a missing value is encoded as where it counts for what it is: as the outcome that training learned, or as one that
    /// training never saw; NaN, which is a value not known, of a variable without either.
    public var valueOfMissing: Float {
        if hasMissing { return Self.missingValue }
        guard unseen != nil else { return .nan }
        return isReal ? -Self.missingValue : Self.unseenValue
    }

    /// Whether its values are 0 and 1.
    public var isBinary: Bool {
        if case .binary = kind { true } else { false }
    }

    /// Whether its values are numbers.
    public var isReal: Bool {
        if case .real = kind { true } else { false }
    }

    /// The encoded value of a label or of a number of a binary variable that training never saw.
    public static let unseenValue: Float = -1

    /// Whether an encoded `value` is one that a network takes: neither unknown, nor unseen, nor a rare label.
    public func isPlain(_ value: Float) -> Bool {
        switch kind {
        case .binary: value == 0 || value == 1 || hasMissing && value == Self.missingValue
        case .categorical(let categories):
            value >= 0 && value < Float(categories.labels.count) || hasMissing && value == Self.missingValue
        case .real: value > -Self.missingValue
        }
    }

    /// Whether `value`, a number, is one that the variable may take.
    public func accepts(_ value: Double) -> Bool {
        switch kind {
        case .binary: value == 0 || value == 1
        case .categorical(let categories):
            value >= 0 && value < Double(categories.labels.count + categories.rareLabels.count)
                && value == value.rounded()
        case .real: value.isFinite
        }
    }

    /// log |dx/du| of the number that an encoded value stands for (see `RealEncoding`), nats; 0 of all else.
    func logVolume(of value: Float) -> Double {
        guard case .real(let encoding) = kind, abs(value) < Self.missingValue else { return 0 }
        return encoding.logVolume(at: Double(value))
    }

    /// What a network takes for a number; NaN for NaN.
    public func encode(_ value: Double) -> Float {
        guard case .real(let encoding) = kind else { return Float(value) }
        if let atom = encoding.atom(of: value) { return Self.outcomeValue(atom + 1) }
        return encoding.encode(value)
    }

    /// The number that an encoded value stands for; NaN for NaN and for a missing value.
    public func decode(_ value: Float) -> Double {
        if abs(value) < Self.missingValue || value.isNaN {
            if case .real(let encoding) = kind { return encoding.decode(value) }
            return Double(value)
        }
        guard case .real(let encoding) = kind, value > Self.missingValue else { return .nan }
        return encoding.atoms[Self.outcome(of: value) - 1]
    }

    /// u of the number that an encoded value stands for, of an atom where it lies; nil where it stands for none.
    func encodedNumber(_ value: Float) -> Float? {
        guard case .real(let encoding) = kind, !isMissing(value) else { return nil }
        return abs(value) < Self.missingValue ? value : encoding.encode(decode(value))
    }

    /// Whether an encoded value is a missing one, or not known.
    public func isMissing(_ value: Float) -> Bool {
        value.isNaN || value == Self.missingValue || isReal && value == -Self.missingValue
    }
}

/// The labels of a categorical variable.
///
/// Labels of too few rows to learn anything of share one class, whose probability is theirs together; each has its share of
/// it by its rows. Their values follow on those of the classes: K is the first of `rareLabels`.
public struct Categories: Sendable, Equatable {
    /// At least one, all different; a value is an index into them.
    public let labels: [String]
    /// The class of the rare labels; where there are none in `rareLabels`, that of rare labels and of labels never seen. Nil
    /// for neither.
    public let otherIndex: Int?
    /// Training rows of each class [K]; empty where that is not known.
    public let rowCounts: [Int]
    /// The labels that share the class `otherIndex`.
    public let rareLabels: [String]
    /// Training rows of each of them, above 0.
    public let rareRowCounts: [Int]

    /// Precondition: labels, rare ones too, are all different; `otherIndex` is one of theirs; as many counts as labels, or
    /// none.
    public init(
        labels: [String], otherIndex: Int? = nil, rowCounts: [Int] = [], rareLabels: [String] = [],
        rareRowCounts: [Int] = []
    ) {
        precondition(!labels.isEmpty && Set(labels).count == labels.count)
        precondition(otherIndex.map(labels.indices.contains) ?? rareLabels.isEmpty)
        precondition(rowCounts.isEmpty || rowCounts.count == labels.count)
        precondition(rareRowCounts.count == rareLabels.count && rareRowCounts.allSatisfy { $0 > 0 })
        self.labels = labels
        self.otherIndex = otherIndex
        self.rowCounts = rowCounts
        self.rareLabels = rareLabels
        self.rareRowCounts = rareRowCounts
    }

    /// The text of a value; precondition: a class or a rare label.
    public func label(of value: Int) -> String {
        value < labels.count ? labels[value] : rareLabels[value - labels.count]
    }

    /// −log of the share that rare label `index` has of its class, nats; by rows.
    func rareSurprisal(_ index: Int) -> Double {
        log(Double(rareRowCounts.reduce(0, +))) - log(Double(rareRowCounts[index]))
    }
}

/// How likely a value is that training never saw, by what it saw seldom.
///
/// Of n values N₁ were seen once and N₂ twice. An unseen one has the probability (N₁ + ½) / (n + 1) (Good 1953, eq. 8, with
/// half a row added), shared among as many as are likely to exist, N₁ (N₁ − 1) / (2 (N₂ + 1)) and at least one (Chao 1984,
/// bias-corrected); known labels are scaled by 1 − N₁ / (n + 1), so that a column in which every label came back keeps its
/// probabilities, as a binary variable does. In no context is an unseen value likelier than the least likely of the known ones.
public struct UnseenValues: Sendable, Equatable {
    /// n: training rows with a value.
    public let rowCount: Int
    /// N₁: values of one row.
    public let singletonCount: Int
    /// N₂: values of two rows.
    public let doubletonCount: Int

    /// Precondition: 0 ≤ N₁ + 2 N₂ ≤ n.
    public init(rowCount: Int, singletonCount: Int = 0, doubletonCount: Int = 0) {
        precondition(singletonCount >= 0 && doubletonCount >= 0 && singletonCount + 2 * doubletonCount <= rowCount)
        self.rowCount = rowCount
        self.singletonCount = singletonCount
        self.doubletonCount = doubletonCount
    }

    /// By the training rows of each value.
    public init(rowCounts: some Sequence<Int>) {
        var (rows, once, twice) = (0, 0, 0)
        for count in rowCounts {
            rows += count
            if count == 1 { once += 1 }
            if count == 2 { twice += 1 }
        }
        self.init(rowCount: rows, singletonCount: once, doubletonCount: twice)
    }

    /// −log of the probability of all unseen values together, nats.
    public var rarity: Double { log(Double(rowCount) + 1) - log(Double(singletonCount) + 0.5) }

    /// −log p of one unseen value, nats, where known ones are not less likely.
    public var surprisal: Double {
        let (once, twice) = (Double(singletonCount), Double(doubletonCount))
        return rarity + log(max(once * (once - 1) / (2 * (twice + 1)), 1))
    }

    /// What every known value's surprisal has more than its class's, nats.
    public var knownSurprisal: Double { -log1p(-Double(singletonCount) / Double(rowCount + 1)) }
}

/// How a number becomes an input unit, and how output units become its density.
///
/// With u = (t − centre) / scale, where t is the number x itself or its signed logarithm, the input unit is u clipped to
/// ±inputBound; the density is not clipped. The K mixture logits a_k, means μ_k and spreads s_k that stand one after the other
/// in the output units give the density of u, p(u) = Σ_k softmax(a)_k N(u; μ_k, σ_k), σ_k = scaleFloor + log(1 + e^s_k)
/// (Bishop 1994, eq. 22–24, with a floor: a mixture without one puts infinite density on repeated values). The density of x is
/// p(u) |dt/dx| per `unit` of the column's own, so that no answer depends on a unit of the data.
///
/// The signed logarithm of x is t = w sign(x) log(1 + |x| / w) with the linear width w: numbers much smaller than w are left
/// as they are, of much larger ones ratios count. |dt/dx| = 1 / (1 + |x| / w) = e^(−|t| / w).
public struct RealEncoding: Sendable, Equatable {
    /// Most Gaussians that a mixture may have.
    public static let componentCountMax = 64

    /// The t that becomes 0: the median.
    public var centre: Double
    /// What of t becomes 1, in the data's own units: IQR / 1.349, or the standard deviation where the IQR is 0. Not
    /// 0; below it the order is reversed.
    public let scale: Double
    /// w, above 0, in the data's own units, where t is the signed logarithm; nil where t is the number.
    public let linearWidth: Double?
    /// How much of a number the density is per, in the data's own units, above 0.
    public let unit: Double
    /// log(unit / |scale|), nats.
    let logUnit: Double
    /// Gaussians in the mixture, 1…64.
    public var componentCount: Int
    /// Least standard deviation of a Gaussian, in encoded units; above 0.
    public var scaleFloor: Float
    /// What the network sees of u is clipped to ±this; above 0.
    public var inputBound: Float
    /// The values are multiples of this (1: integers): training spreads each value evenly over the step around it. Nil for a
    /// continuous column.
    public var step: Double?
    /// Samples are multiples of this: the step, or the unit of the last decimal place that training saw. Nil for none.
    public var resolution: Double?
    /// Least value seen in training; nil where that is not known.
    public var minimum: Double?
    /// Greatest value seen in training; nil where that is not known.
    public var maximum: Double?
    /// Numbers that so many rows share that each has a probability of its own; ascending. The mixture is the density of the
    /// others.
    public var atoms: [Double]
    /// The numbers that the column takes, ascending, where these are a list with uneven gaps in which there is nothing, as of
    /// rates, prices, sizes and places: what is drawn or expected is one of them. Empty for a column that has none. The
    /// density does not know of it.
    public var support: [Double]

    /// Precondition: the ranges that the properties tell.
    ///
    /// Without a `unit` it is the scale.
    public init(
        centre: Double, scale: Double, linearWidth: Double? = nil, unit: Double? = nil, componentCount: Int,
        scaleFloor: Float,
        inputBound: Float = 5, step: Double? = nil, resolution: Double? = nil, minimum: Double? = nil,
        maximum: Double? = nil, atoms: [Double] = [], support: [Double] = []
    ) {
        precondition((1...Self.componentCountMax).contains(componentCount))
        precondition(scaleFloor > 0 && inputBound > 0 && scale != 0 && scale.isFinite && (1 / scale).isFinite)
        precondition((step ?? 1) > 0 && (resolution ?? 1) > 0 && (linearWidth ?? 1) > 0)
        let unit = unit ?? abs(scale)
        precondition(unit > 0 && (unit / scale).isNormal)
        for numbers in [atoms, support] {
            precondition(
                zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } && numbers.count <= Self.numberCountMax)
        }
        self.centre = centre
        self.scale = scale
        self.linearWidth = linearWidth
        self.unit = unit
        logUnit = log(unit / abs(scale))
        self.componentCount = componentCount
        self.scaleFloor = scaleFloor
        self.inputBound = inputBound
        self.step = step
        self.resolution = resolution
        self.minimum = minimum
        self.maximum = maximum
        self.atoms = atoms
        self.support = support
    }

    /// Most atoms that a column may have, and most numbers of its support.
    public static let numberCountMax = 4096

    /// The index of the atom that a number is; nil where it is none.
    public func atom(of number: Double) -> Int? {
        let place = atoms.partitionPoint { $0 < number }
        return place < atoms.count && atoms[place] == number ? place : nil
    }

    /// u of a number, rounded once and held within ±1e30, no negative zero; NaN for NaN. Of an atom it is where the atom lies.
    public func encode(_ number: Double) -> Float {
        let value = (transform(number) - centre) * (1 / scale)
        return Float(value < -1e30 ? -1e30 : value > 1e30 ? 1e30 : value) + 0
    }

    /// What of a number is centred and scaled.
    public var transform: NumberTransform { NumberTransform(linearWidth: linearWidth) }

    /// What the log-density of u has more than that of the number per `unit`, nats: log |dx/du| at u, x in units.
    public func logVolume(at u: Double) -> Double { transform.logVolume(centre + u * scale) - logUnit }

    /// What `width` is of u at least, a width in the data's own units: where u is a logarithm, that of the largest number.
    func least(width: Double) -> Double {
        [minimum ?? centre, maximum ?? centre].map { self.width(width, at: Double(encode($0))) }.min() ?? 0
    }

    /// What a small `width` in the data's own units is of u.
    public func width(_ width: Double, at u: Double) -> Double {
        abs(width / scale) * exp(-transform.logVolume(centre + u * scale))
    }

    /// What the network sees of a number: u clipped to ±`inputBound`.
    public func input(_ number: Double) -> Float { min(max(encode(number), -inputBound), inputBound) }

    /// The number whose u is `value`: on the grid of the column's resolution, where it has one. NaN for NaN.
    ///
    /// Many numbers may have the same u. The ends of the column's range are then the ones meant, so that no sample lies
    /// beyond them, and the numbers of its support.
    public func decode(_ value: Float) -> Double {
        for end in [minimum, maximum] {
            if let end, encode(end) == value { return end }
        }
        let number = transform.inverse(centre + Double(value) * scale)
        if let place = placeInSupport(of: number), encode(support[place]) == value { return support[place] }
        guard let (over, under) = grid, number.isFinite else { return number }
        let settled = (number * under / over).rounded() * over / under
        return settled.isFinite ? settled + 0 : number
    }

    /// The number of the column's support, or on the grid of its resolution, that is nearest to `number`.
    public func own(_ number: Double) -> Double {
        placeInSupport(of: number).map { support[$0] } ?? decode(encode(number))
    }

    /// Whether not every number is one of the column's own.
    var hasOwnNumbers: Bool { !support.isEmpty || grid != nil }

    /// The nearest of the column's own numbers to that of u, and its neighbours; nil where every number is one.
    func ownNumbers(around value: Float) -> [Double]? {
        let centre = decode(value)
        if let place = placeInSupport(of: centre) {
            return Array(support[max(place - 1, 0)...min(place + 1, support.count - 1)])
        }
        guard let (over, under) = grid else { return nil }
        return [-1.0, 0, 1].map { decode(encode(centre + $0 * over / under)) }
    }

    /// Where the number of the support stands that is nearest to `number`, of two that are as near the lower one; nil without
    /// a support.
    private func placeInSupport(of number: Double) -> Int? {
        guard !support.isEmpty, !number.isNaN else { return nil }
        let place = support.partitionPoint { $0 < number }
        guard place > 0, place < support.count else { return min(place, support.count - 1) }
        return number - support[place - 1] <= support[place] - number ? place - 1 : place
    }

    /// The resolution as a fraction over / under of whole numbers, where it is a decimal: its multiples k · over / under are
    /// then the doubles of their own decimals, which k · resolution would miss by its rounding.
    var grid: (over: Double, under: Double)? {
        guard let resolution = resolution ?? step else { return nil }
        var under = 1.0
        for _ in 0...18 {
            let over = (resolution * under).rounded()
            if over >= 1, over < 0x1p53, over / under == resolution { return (over, under) }
            under *= 10
        }
        return (resolution, 1)
    }
}

/// How a number becomes one input unit: unit = (value − offset) · scale.
public struct AffineEncoding: Sendable, Equatable, Codable {
    /// The value that becomes 0.
    public let offset: Float
    /// Units a step of 1 in the value.
    public let scale: Float

    /// The encoding (value − offset) · scale.
    public init(offset: Float, scale: Float) {
        self.offset = offset
        self.scale = scale
    }

    /// The value itself, as networks trained elsewhere expect it.
    public static let identity = AffineEncoding(offset: 0, scale: 1)
    /// 0 and 1 as −1 and +1, which trains better than 0 and 1.
    public static let plusMinusOne = AffineEncoding(offset: 0.5, scale: 2)

    /// The unit that carries `value`.
    public func callAsFunction(_ value: Float) -> Float {
        (value - offset) * scale
    }
}

/// Where each variable's input and output units stand among all of the network's.
///
/// Units follow the table's column order: the units of variable 0, of variable 1, and so on.
public struct UnitLayout: Sendable, Equatable {
    /// Input units of each variable.
    public let inputs: [Range<Int>]
    /// Output units of each variable.
    public let outputs: [Range<Int>]

    /// The layout of `variables`, in their order.
    public init(_ variables: [Variable]) {
        inputs = Self.consecutive(variables.map(\.inputUnitCount))
        outputs = Self.consecutive(variables.map(\.outputUnitCount))
    }

    /// Number of input units in all.
    public var inputUnitCount: Int { inputs.last?.upperBound ?? 0 }
    /// Number of output units in all.
    public var outputUnitCount: Int { outputs.last?.upperBound ?? 0 }

    private static func consecutive(_ counts: [Int]) -> [Range<Int>] {
        var start = 0
        return counts.map { count in
            defer { start += count }
            return start..<start + count
        }
    }
}
