internal import FoundationEssentials

/// The JSON document that describes a model inside its checkpoint.
struct ModelDocument: Codable {
    let name: String
    let version: String
    let variables: [VariableEntry]
    let activation: Activation
    /// Absent: false.
    let residual: Bool?
    let image_width: Int?
    let training: TrainingSummary?
    /// The table's columns; absent where the model knows none.
    let schema: Schema?
    /// The variable whose values have calibrations of their own; absent where there are no groups.
    let groups: String?

    init(_ model: DensityModel) {
        name = model.name
        version = model.version
        activation = model.activation
        residual = model.isResidual ? true : nil
        image_width = model.imageWidth
        training = model.training
        schema = model.schema
        groups = model.calibration?.groups.map { model.variables[$0.variable].name }
        variables = model.variables.map(VariableEntry.init)
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// One variable of a `ModelDocument`: `type` says which of the other members it has.
struct VariableEntry: Codable {
    let name: String
    /// `binary`, `categorical` or `real`.
    let type: String
    /// Of `binary`; in version 1 of `real` too, in the place of centre and scale.
    var encoding: AffineEncoding?
    /// Of `categorical`; all but the first may be absent: the index of the class `other`, the rows of each label, the labels
    /// that share the class, and their rows.
    var labels: [String]?
    var other: Int?
    var label_rows: [Int]?
    var rare_labels: [String]?
    var rare_label_rows: [Int]?
    /// Of `real`: see `RealEncoding`. `linear_width`, `unit` and the last three may be absent.
    var centre: Double?
    var scale: Double?
    var linear_width: Double?
    var unit: Double?
    var components: Int?
    var scale_floor: Float?
    var input_bound: Float?
    var step: Double?
    var resolution: Double?
    var minimum: Double?
    var maximum: Double?
    /// Of `real`; absent where there are none.
    var atoms: [Double]?
    var support: [Double]?
    /// Whether a missing value is an outcome; absent: it is not.
    var missing: Bool?
    /// Where values never seen have a probability: training rows, values of one and of two.
    var unseen: UnseenEntry?

    struct UnseenEntry: Codable {
        var rows: Int
        var once: Int
        var twice: Int

        init(rows: Int, once: Int, twice: Int) {
            (self.rows, self.once, self.twice) = (rows, once, twice)
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            rows = try container.decodeWhole(forKey: .rows)
            once = try container.decodeWhole(forKey: .once)
            twice = try container.decodeWhole(forKey: .twice)
        }
    }

    init(_ variable: Variable) {
        name = variable.name
        unseen = variable.unseen.map {
            UnseenEntry(rows: $0.rowCount, once: $0.singletonCount, twice: $0.doubletonCount)
        }
        missing = variable.hasMissing ? true : nil
        switch variable.kind {
        case .binary(let affine):
            type = "binary"
            encoding = affine
        case .categorical(let categories):
            type = "categorical"
            labels = categories.labels
            other = categories.otherIndex
            if !categories.rowCounts.isEmpty { label_rows = categories.rowCounts }
            if !categories.rareLabels.isEmpty {
                (rare_labels, rare_label_rows) = (categories.rareLabels, categories.rareRowCounts)
            }
        case .real(let real):
            type = "real"
            (centre, scale) = (real.centre, real.scale)
            linear_width = real.linearWidth
            if real.linearWidth != nil { unit = real.unit }
            components = real.componentCount
            scale_floor = real.scaleFloor
            input_bound = real.inputBound
            step = real.step
            resolution = real.resolution
            minimum = real.minimum
            maximum = real.maximum
            if !real.atoms.isEmpty { atoms = real.atoms }
            if !real.support.isEmpty { support = real.support }
        }
    }

    private enum AffineKey: CodingKey {
        case offset, scale
    }

    /// Numbers are read as doubles: what does not fit its variable is then told with its place, by `variable`.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double? { try container.decodeIfPresent(Double.self, forKey: key) }
        func integer(_ key: CodingKeys) throws -> Int? {
            container.contains(key) ? try container.decodeWhole(forKey: key) : nil
        }
        func wholes(_ key: CodingKeys) throws -> [Int]? {
            try container.decodeIfPresent([Double].self, forKey: key)?.map { number in
                try whole(number, forKey: key, at: container.codingPath)
            }
        }
        name = try container.decode(String.self, forKey: .name)
        type = try container.decode(String.self, forKey: .type)
        if container.contains(.encoding) {
            let affine = try container.nestedContainer(keyedBy: AffineKey.self, forKey: .encoding)
            let offset = try affine.decode(Double.self, forKey: .offset)
            let scale = try affine.decode(Double.self, forKey: .scale)
            encoding = AffineEncoding(offset: Float(offset), scale: Float(scale))
        }
        centre = try number(.centre)
        scale = try number(.scale)
        linear_width = try number(.linear_width)
        unit = try number(.unit)
        labels = try container.decodeIfPresent([String].self, forKey: .labels)
        other = try integer(.other)
        label_rows = try wholes(.label_rows)
        rare_labels = try container.decodeIfPresent([String].self, forKey: .rare_labels)
        rare_label_rows = try wholes(.rare_label_rows)
        components = try integer(.components)
        scale_floor = try number(.scale_floor).map(Float.init)
        input_bound = try number(.input_bound).map(Float.init)
        step = try number(.step)
        resolution = try number(.resolution)
        minimum = try number(.minimum)
        maximum = try number(.maximum)
        atoms = try container.decodeIfPresent([Double].self, forKey: .atoms)
        support = try container.decodeIfPresent([Double].self, forKey: .support)
        missing = try container.decodeIfPresent(Bool.self, forKey: .missing)
        unseen = try container.decodeIfPresent(UnseenEntry.self, forKey: .unseen)
    }

    /// What is wrong with an entry.
    struct Fault: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// The variable; trusts no member of the entry, which is of a file of version 1 or of this one.
    func variable(isOfFirstVersion: Bool) throws(Fault) -> Variable {
        switch type {
        case "binary":
            try refuse(members: Self.labelMembers + Self.realMembers)
            return Variable(
                name: name, kind: .binary(try affine()), unseen: try unseenValues(), hasMissing: missing ?? false)
        case "categorical":
            try refuse(members: ["encoding"] + Self.realMembers)
            return Variable(
                name: name, kind: .categorical(try categories()), unseen: try unseenValues(),
                hasMissing: missing ?? false)
        case "real":
            try refuse(
                members: Self.labelMembers
                    + (isOfFirstVersion ? ["centre", "scale", "atoms", "missing", "unseen"] : ["encoding"]))
            return Variable(
                name: name, kind: .real(try realEncoding(isOfFirstVersion: isOfFirstVersion)),
                unseen: try unseenValues(), hasMissing: missing ?? false)
        default:
            throw Fault("the type is \(type.quoted); this program knows 'binary', 'categorical' and 'real'")
        }
    }

    private func affine() throws(Fault) -> AffineEncoding {
        guard let encoding else { throw Fault("'encoding' is missing") }
        guard encoding.offset.isFinite, encoding.scale.isFinite, encoding.scale != 0 else {
            throw Fault("the encoding must be finite, its scale not 0")
        }
        return encoding
    }

    private func unseenValues() throws(Fault) -> UnseenValues? {
        guard let unseen else { return nil }
        let bound = Int(Int32.max) * 4096
        guard unseen.once >= 0, unseen.twice >= 0, unseen.once <= bound, unseen.twice <= bound,
            unseen.rows <= bound, unseen.once + 2 * unseen.twice <= unseen.rows
        else {
            throw Fault("'unseen' counts \(unseen.once) and \(unseen.twice) values among \(unseen.rows) rows")
        }
        return UnseenValues(
            rowCount: unseen.rows, singletonCount: unseen.once, doubletonCount: unseen.twice)
    }

    private func categories() throws(Fault) -> Categories {
        guard let labels else { throw Fault("'labels' is missing") }
        let rare = rare_labels ?? []
        guard (1...Checkpoint.labelCountMax).contains(labels.count), rare.count <= Checkpoint.labelCountMax else {
            throw Fault("\(labels.count + rare.count) labels; there must be 1 to \(Checkpoint.labelCountMax)")
        }
        var seen: Set<String> = []
        if let twice = (labels + rare).first(where: { !seen.insert($0).inserted }) {
            throw Fault("two labels are \(twice.quoted)")
        }
        if let other, !labels.indices.contains(other) {
            throw Fault("'other' is \(other); it must be the index of one of the \(labels.count) labels")
        }
        let counts = rare_label_rows ?? []
        guard counts.count == rare.count, counts.allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
            throw Fault("'rare_label_rows' must have a whole number above 0 for each of 'rare_labels'")
        }
        guard rare.isEmpty || other != nil else { throw Fault("'rare_labels' need 'other', their class") }
        let rows = label_rows ?? []
        guard rows.isEmpty || rows.count == labels.count, rows.allSatisfy({ $0 >= 0 }) else {
            throw Fault("'label_rows' must have a whole number for each of 'labels'")
        }
        return Categories(
            labels: labels, otherIndex: other, rowCounts: rows, rareLabels: rare, rareRowCounts: counts)
    }

    private func centreAndScale(isOfFirstVersion: Bool) throws(Fault) -> (Double, Double) {
        if isOfFirstVersion {
            // As the arithmetic of then had them: u = (x - offset) * scale.
            let affine = try affine()
            return (Double(affine.offset), 1 / Double(affine.scale))
        }
        guard let centre else { throw Fault("'centre' is missing") }
        guard let scale else { throw Fault("'scale' is missing") }
        return (centre, scale)
    }

    private func realEncoding(isOfFirstVersion: Bool) throws(Fault) -> RealEncoding {
        let (centre, scale) = try centreAndScale(isOfFirstVersion: isOfFirstVersion)
        guard centre.isFinite, scale.isFinite, scale != 0, (1 / scale).isFinite else {
            throw Fault("the centre must be finite, the scale too and not 0")
        }
        guard let components else { throw Fault("'components' is missing") }
        guard (1...RealEncoding.componentCountMax).contains(components) else {
            throw Fault("'components' is \(components); it must lie in 1…\(RealEncoding.componentCountMax)")
        }
        for (member, number) in [("minimum", minimum), ("maximum", maximum)] where number?.isFinite == false {
            throw Fault("'\(member)' must be finite")
        }
        if let minimum, let maximum, minimum > maximum {
            throw Fault("'minimum' is \(minimum), above 'maximum', \(maximum)")
        }
        if let unit {
            guard linear_width != nil else { throw Fault("it must not have 'unit' without 'linear_width'") }
            guard unit > 0, (unit / scale).isNormal else {
                throw Fault("'unit' is \(unit); it must be above 0, and its ratio to 'scale' a number")
            }
        }
        guard let floor = try positive(scale_floor, "scale_floor") else { throw Fault("'scale_floor' is missing") }
        guard let bound = try positive(input_bound, "input_bound") else { throw Fault("'input_bound' is missing") }
        return RealEncoding(
            centre: centre, scale: scale, linearWidth: try positive(linear_width, "linear_width"), unit: unit,
            componentCount: components, scaleFloor: floor, inputBound: bound, step: try positive(step, "step"),
            resolution: try positive(resolution, "resolution"), minimum: minimum, maximum: maximum,
            atoms: try ascending(atoms, "atoms"), support: try ascending(support, "support"))
    }

    private func ascending(_ numbers: [Double]?, _ member: String) throws(Fault) -> [Double] {
        let numbers = numbers ?? []
        guard numbers.count <= RealEncoding.numberCountMax else {
            throw Fault("'\(member)' has \(numbers.count) numbers; there may be \(RealEncoding.numberCountMax)")
        }
        guard numbers.allSatisfy(\.isFinite), zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw Fault("'\(member)' must be finite numbers in ascending order, all different")
        }
        return numbers
    }

    private func positive<Number: BinaryFloatingPoint>(_ number: Number?, _ member: String) throws(Fault) -> Number? {
        if let number, !number.isFinite || number <= 0 {
            throw Fault("'\(member)' is \(number); it must be finite and above 0")
        }
        return number
    }

    private static let labelMembers = ["labels", "other", "label_rows", "rare_labels", "rare_label_rows"]
    private static let realMembers = [
        "centre", "scale", "linear_width", "unit", "components", "scale_floor", "input_bound", "step", "resolution",
        "minimum",
        "maximum", "atoms", "support",
    ]

    /// Throws where the entry has a member that its type has no use for: the two contradict each other.
    private func refuse(members: [String]) throws(Fault) {
        let present = [
            "encoding": encoding != nil, "labels": labels != nil, "other": other != nil,
            "label_rows": label_rows != nil, "rare_labels": rare_labels != nil,
            "rare_label_rows": rare_label_rows != nil, "centre": centre != nil, "scale": scale != nil,
            "linear_width": linear_width != nil, "unit": unit != nil,
            "components": components != nil, "scale_floor": scale_floor != nil, "input_bound": input_bound != nil,
            "step": step != nil, "resolution": resolution != nil, "minimum": minimum != nil,
            "maximum": maximum != nil, "atoms": atoms != nil, "support": support != nil,
            "missing": missing != nil, "unseen": unseen != nil,
        ]
        if let stranger = members.first(where: { present[$0] == true }) {
            throw Fault("it is \(type) and must not have '\(stranger)'")
        }
    }
}

extension KeyedDecodingContainer {
    /// A whole number; what is none is told with its place, which the decoder of an `Int` forgets.
    func decodeWhole(forKey key: Key) throws -> Int {
        try whole(decode(Double.self, forKey: key), forKey: key, at: codingPath)
    }
}

private func whole(_ number: Double, forKey key: any CodingKey, at path: [any CodingKey]) throws -> Int {
    if let integer = Int(exactly: number) { return integer }
    throw DecodingError.typeMismatch(Int.self, .init(codingPath: path + [key], debugDescription: "not a whole number"))
}

extension String {
    /// In quotes, on one line, cut to a length that an error can show.
    var quoted: String {
        let shown = count > 60 ? "\(prefix(60))…" : self
        return "'\(shown.debugDescription.dropFirst().dropLast())'"
    }
}
