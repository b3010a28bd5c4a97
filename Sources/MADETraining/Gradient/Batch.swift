internal import Glibc
internal import MADE

/// Rows of a table as a network's inputs and targets.
///
/// An unknown cell's input units are 0: the middle of the column, which is also what input dropout leaves, so that a network
/// trained with either knows what not knowing looks like.
final class Batch {
    /// How the values of one variable become input units: `Variable`'s, looked up once.
    private struct Column {
        enum Form { case single, classes, number }

        let index: Int
        let form: Form
        let inputs: Range<Int>
        /// Of a single unit.
        var encoding = AffineEncoding.identity
        /// Classes besides a missing value, and the one of values beyond these; negative for none.
        var labelCount = 0
        var otherClass = -1
        /// `Variable.outcomeOffset`.
        var outcomeOffset = 0
        /// The first outcome's place in `outcomeInputs`.
        var firstOutcome = 0
        var inputBound: Float = 0
        /// The step, in units of the column's scale; nil for none.
        var step: Double?
        var transform = NumberTransform(linearWidth: nil)
        var centre = 0.0
        var scale = 1.0

        /// What the step is of an encoded value.
        func width(_ step: Double, at value: Float) -> Float {
            Float(step * exp(-transform.logVolume(centre + Double(value) * scale)))
        }
    }

    let places: [VariablePlaces.Place]
    /// [rows × inputs], in the plan's order of units.
    let inputs: FloatBuffer
    /// [rows × variables], in the ordering: 0 or 1, a class, or the encoded value of a real variable, a number not clipped; NaN
    /// where it is not known.
    let targets: FloatBuffer
    /// As `inputs`, but without the noise on numbers; empty where nobody asks for it.
    let seen: FloatBuffer
    private(set) var rowCount = 0
    private let inputCount: Int
    private let rowsMax: Int
    private let columns: [Column]
    /// What the network sees of each outcome of each real variable as a number.
    private let outcomeInputs: FloatBuffer
    /// What each variable's first input unit is without noise, of the row that is being loaded, [variables].
    private let clean: FloatBuffer

    init(_ places: VariablePlaces, rowsMax: Int, keepsSeen: Bool = false) {
        self.places = places.places
        self.rowsMax = rowsMax
        inputCount = self.places.last?.inputs.upperBound ?? 0
        inputs = FloatBuffer(count: rowsMax * inputCount)
        targets = FloatBuffer(count: rowsMax * self.places.count)
        clean = FloatBuffer(count: self.places.count)
        seen = FloatBuffer(count: keepsSeen ? rowsMax * inputCount : 0)
        var outcomeInputs: [Float] = []
        columns = self.places.map { Self.column($0, &outcomeInputs) }
        self.outcomeInputs = FloatBuffer(outcomeInputs)
    }

    private static func column(_ place: VariablePlaces.Place, _ outcomeInputs: inout [Float]) -> Column {
        let variable = place.variable
        switch variable.kind {
        case .binary(let encoding) where variable.isSingleUnit:
            return Column(
                index: place.index, form: .single, inputs: place.inputs, encoding: encoding)
        case .binary: return Column(index: place.index, form: .classes, inputs: place.inputs, labelCount: 2)
        case .categorical(let categories):
            return Column(
                index: place.index, form: .classes, inputs: place.inputs, labelCount: categories.labels.count,
                otherClass: categories.otherIndex ?? -1)
        case .real(let encoding):
            let firstOutcome = outcomeInputs.count
            for outcome in 0..<variable.outcomeCount {
                let number = variable.decode(Float(outcome + variable.outcomeOffset) * Variable.missingValue)
                outcomeInputs.append(number.isNaN ? 0 : encoding.input(number))
            }
            return Column(
                index: place.index, form: .number, inputs: place.inputs, outcomeOffset: variable.outcomeOffset,
                firstOutcome: firstOutcome, inputBound: encoding.inputBound,
                step: encoding.step.map { abs($0 / encoding.scale) }, transform: encoding.transform,
                centre: encoding.centre, scale: encoding.scale)
        }
    }

    /// Takes the rows at `indices` of `values` [n × D], encoded; precondition: at most `rowsMax`. A rare label is its class, a
    /// value never seen is as good as missing.
    func load(_ indices: ArraySlice<Int>, of values: [Float], corruption: inout Corruption?) {
        precondition(indices.count <= rowsMax)
        rowCount = indices.count
        inputs.clear(0..<rowCount * inputCount)
        var own = corruption
        let dropsInputs = own.map { $0.dropout > 0 } ?? false
        values.withUnsafeBufferPointer { values in
            for (row, index) in indices.enumerated() {
                let inputs = inputs.pointer + row * inputCount
                let targets = targets.pointer + row * columns.count
                for (position, column) in columns.enumerated() {
                    let value = values[index * columns.count + column.index]
                    let (target, seen) = put(value, column, into: inputs + column.inputs.lowerBound, &own)
                    targets[position] = target
                    clean.pointer[position] = seen
                }
                if seen.count > 0 { keepSeen(inputs, row: row) }
                if dropsInputs { own?.drop(inputs, of: places) }
            }
        }
        corruption = own
    }

    /// Sets the `seen` inputs of a row from its `inputs`.
    private func keepSeen(_ inputs: UnsafePointer<Float>, row: Int) {
        let seen = seen.pointer + row * inputCount
        seen.update(from: inputs, count: inputCount)
        for (position, column) in columns.enumerated() where column.form == .number {
            seen[column.inputs.lowerBound] = clean.pointer[position]
        }
    }

    /// Sets the `units` of one cell, which are 0, and returns its target, and what the first unit of a number is without noise.
    private func put(
        _ value: Float, _ column: Column, into units: UnsafeMutablePointer<Float>, _ corruption: inout Corruption?
    ) -> (target: Float, clean: Float) {
        switch column.form {
        case .single:
            guard value >= 0 else { return (.nan, 0) }
            units[0] = column.encoding(value)
            return (value, 0)
        case .classes:
            let label =
                value >= Variable.missingValue
                ? column.labelCount : value < Float(column.labelCount) ? Int(max(value, -1)) : column.otherClass
            guard value >= 0, label >= 0 else { return (.nan, 0) }
            units[label] = 1
            return (Float(label), 0)
        case .number:
            if value >= Variable.missingValue {
                let outcome = Int(value / Variable.missingValue) - column.outcomeOffset
                units[0] = outcomeInputs.pointer[column.firstOutcome + outcome]
                units[1 + outcome] = 1
                return (value, units[0])
            }
            // A missing value that the gradient's rows never had is as good as one not known.
            let number = value <= -Variable.missingValue ? .nan : value
            let spread = column.step.map { corruption?.offset(within: column.width($0, at: number)) ?? 0 } ?? 0
            let encoded = number + spread
            let noisy = encoded + (corruption?.normal() ?? 0)
            let bound = column.inputBound
            let stray = corruption?.stray().map { $0 * bound }
            guard !number.isNaN else { return (.nan, 0) }
            units[0] = stray ?? min(max(noisy, -bound), bound)
            return (encoded, stray ?? min(max(number, -bound), bound))
        }
    }
}

/// What training does to the rows it sees, so that no network learns them by heart.
struct Corruption {
    /// Standard deviation of the Gaussian noise on encoded numbers that are inputs; targets have none.
    let noise: Float
    /// Share of the variables whose inputs are set to 0; the others are scaled up, so that the expected sum stays.
    let dropout: Float
    /// Share of the numbers replaced by random ones; targets keep theirs.
    let strays: Float
    private var generator: PhiloxGenerator
    private var spare: Float?

    init(noise: Float, dropout: Float, strays: Float, generator: PhiloxGenerator) {
        self.noise = noise
        self.dropout = dropout
        self.strays = strays
        self.generator = generator
    }

    /// Uniform in ±step / 2: a rounded number could have been anywhere in its step (Uria et al. 2013, section 5).
    fileprivate mutating func offset(within step: Float) -> Float {
        (generator.uniform() - 0.5) * step
    }

    /// Gaussian noise (Box and Muller 1958, eq. 1).
    fileprivate mutating func normal() -> Float {
        guard noise > 0 else { return 0 }
        if let normal = spare {
            spare = nil
            return normal * noise
        }
        let word = generator.next()
        let radius = (-2 * logf((Float(word >> 40) + 0.5) * 0x1p-24)).squareRoot()
        let angle = Float(UInt32(truncatingIfNeeded: word)) * (2 * Float.pi * 0x1p-32)
        spare = radius * sinf(angle)
        return radius * cosf(angle) * noise
    }

    /// Uniform in ±1 for the share of `strays`, else nil.
    fileprivate mutating func stray() -> Float? {
        guard strays > 0, generator.uniform() < strays else { return nil }
        return 2 * generator.uniform() - 1
    }

    fileprivate mutating func drop(_ inputs: UnsafeMutablePointer<Float>, of places: [VariablePlaces.Place]) {
        guard dropout > 0 else { return }
        let scale = 1 / (1 - dropout)
        for place in places {
            let factor = generator.uniform() < dropout ? 0 : scale
            for unit in place.inputs { inputs[unit] *= factor }
        }
    }
}
