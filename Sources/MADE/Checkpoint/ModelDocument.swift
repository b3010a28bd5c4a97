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

    init(_ model: DensityModel) {
        name = model.name
        version = model.version
        activation = model.activation
        residual = model.isResidual ? true : nil
        image_width = model.imageWidth
        training = model.training
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
    /// Of `binary` and `real`.
    var encoding: AffineEncoding?
    /// Of `categorical`.
    var labels: [String]?
    /// Of `categorical`, where it has a class for labels never seen: that class's index.
    var other: Int?
    /// Of `real`: see `RealEncoding`. The last three may be absent.
    var components: Int?
    var scale_floor: Float?
    var input_bound: Float?
    var step: Float?
    var minimum: Float?
    var maximum: Float?

    init(_ variable: Variable) {
        name = variable.name
        switch variable.kind {
        case .binary(let affine):
            type = "binary"
            encoding = affine
        case .categorical(let categories):
            type = "categorical"
            labels = categories.labels
            other = categories.otherIndex
        case .real(let real):
            type = "real"
            encoding = real.affine
            components = real.componentCount
            scale_floor = real.scaleFloor
            input_bound = real.inputBound
            step = real.step
            minimum = real.minimum
            maximum = real.maximum
        }
    }

    private enum AffineKey: CodingKey {
        case offset, scale
    }

    /// Numbers are read as doubles: what does not fit its variable is then told with its place, by `variable`.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func float(_ key: CodingKeys) throws -> Float? {
            try container.decodeIfPresent(Double.self, forKey: key).map(Float.init)
        }
        func integer(_ key: CodingKeys) throws -> Int? {
            guard let number = try container.decodeIfPresent(Double.self, forKey: key) else { return nil }
            if let integer = Int(exactly: number) { return integer }
            throw DecodingError.typeMismatch(
                Int.self, .init(codingPath: container.codingPath + [key], debugDescription: "not an integer"))
        }
        name = try container.decode(String.self, forKey: .name)
        type = try container.decode(String.self, forKey: .type)
        if container.contains(.encoding) {
            let affine = try container.nestedContainer(keyedBy: AffineKey.self, forKey: .encoding)
            encoding = AffineEncoding(
                offset: Float(try affine.decode(Double.self, forKey: .offset)),
                scale: Float(try affine.decode(Double.self, forKey: .scale)))
        }
        labels = try container.decodeIfPresent([String].self, forKey: .labels)
        other = try integer(.other)
        components = try integer(.components)
        scale_floor = try float(.scale_floor)
        input_bound = try float(.input_bound)
        step = try float(.step)
        minimum = try float(.minimum)
        maximum = try float(.maximum)
    }

    /// What is wrong with an entry.
    struct Fault: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// The variable; trusts no member of the entry.
    func variable() throws(Fault) -> Variable {
        switch type {
        case "binary":
            try refuse(members: ["labels", "other"] + Self.realMembers)
            return Variable(name: name, kind: .binary(try affine()))
        case "categorical":
            try refuse(members: ["encoding"] + Self.realMembers)
            return Variable(name: name, kind: .categorical(try categories()))
        case "real":
            try refuse(members: ["labels", "other"])
            return Variable(name: name, kind: .real(try realEncoding()))
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

    private func categories() throws(Fault) -> Categories {
        guard let labels else { throw Fault("'labels' is missing") }
        guard (2...Checkpoint.labelCountMax).contains(labels.count) else {
            throw Fault("\(labels.count) labels; there must be 2 to \(Checkpoint.labelCountMax)")
        }
        var seen: Set<String> = []
        if let twice = labels.first(where: { !seen.insert($0).inserted }) {
            throw Fault("two labels are \(twice.quoted)")
        }
        if let other, !labels.indices.contains(other) {
            throw Fault("'other' is \(other); it must be the index of one of the \(labels.count) labels")
        }
        return Categories(labels: labels, otherIndex: other)
    }

    private func realEncoding() throws(Fault) -> RealEncoding {
        let affine = try affine()
        guard let components else { throw Fault("'components' is missing") }
        guard (1...RealEncoding.componentCountMax).contains(components) else {
            throw Fault("'components' is \(components); it must lie in 1…\(RealEncoding.componentCountMax)")
        }
        let least = try finite(minimum, "minimum")
        let greatest = try finite(maximum, "maximum")
        if let least, let greatest, least > greatest {
            throw Fault("'minimum' is \(least), above 'maximum', \(greatest)")
        }
        guard let floor = try positive(scale_floor, "scale_floor") else { throw Fault("'scale_floor' is missing") }
        guard let bound = try positive(input_bound, "input_bound") else { throw Fault("'input_bound' is missing") }
        return RealEncoding(
            affine: affine, componentCount: components, scaleFloor: floor, inputBound: bound,
            step: try positive(step, "step"), minimum: least, maximum: greatest)
    }

    private func finite(_ number: Float?, _ member: String) throws(Fault) -> Float? {
        if let number, !number.isFinite { throw Fault("'\(member)' must be finite") }
        return number
    }

    private func positive(_ number: Float?, _ member: String) throws(Fault) -> Float? {
        if let number, !number.isFinite || number <= 0 {
            throw Fault("'\(member)' is \(number); it must be finite and above 0")
        }
        return number
    }

    private static let realMembers = ["components", "scale_floor", "input_bound", "step", "minimum", "maximum"]

    /// Throws where the entry has a member that its type has no use for: the two contradict each other.
    private func refuse(members: [String]) throws(Fault) {
        let present = [
            "encoding": encoding != nil, "labels": labels != nil, "other": other != nil,
            "components": components != nil, "scale_floor": scale_floor != nil, "input_bound": input_bound != nil,
            "step": step != nil, "minimum": minimum != nil, "maximum": maximum != nil,
        ]
        if let stranger = members.first(where: { present[$0] == true }) {
            throw Fault("it is \(type) and must not have '\(stranger)'")
        }
    }
}

extension String {
    /// In quotes, on one line, cut to a length that an error can show.
    var quoted: String {
        let shown = count > 60 ? "\(prefix(60))…" : self
        return "'\(shown.debugDescription.dropFirst().dropLast())'"
    }
}
