internal import Glibc
internal import MADE

/// Rows of a table as a network's inputs and targets.
///
/// An unknown cell's input units are 0: the middle of the column, which is also what input dropout leaves, so that a network
/// trained with either knows what not knowing looks like.
final class Batch {
    let places: [VariablePlaces.Place]
    /// [rows × inputs], in the plan's order of units.
    let inputs: FloatBuffer
    /// [rows × variables], in the ordering: 0 or 1, a class, or the encoded value of a real variable, a number not clipped; NaN
    /// where it is not known.
    let targets: FloatBuffer
    private(set) var rowCount = 0
    private let inputCount: Int
    private let rowsMax: Int

    init(_ places: VariablePlaces, rowsMax: Int) {
        self.places = places.places
        self.rowsMax = rowsMax
        inputCount = self.places.last?.inputs.upperBound ?? 0
        inputs = FloatBuffer(count: rowsMax * inputCount)
        targets = FloatBuffer(count: rowsMax * self.places.count)
    }

    /// Takes the rows at `indices` of `values` [n × D], encoded; precondition: at most `rowsMax`. A rare label is its class, a
    /// value never seen is as good as missing.
    func load(_ indices: ArraySlice<Int>, of values: [Float], corruption: inout Corruption?) {
        precondition(indices.count <= rowsMax)
        rowCount = indices.count
        for (row, index) in indices.enumerated() {
            let inputs = inputs.pointer + row * inputCount
            let targets = targets.pointer + row * places.count
            for (position, place) in places.enumerated() {
                var value = values[index * places.count + place.index]
                // A missing value that the gradient's rows never had.
                if value <= -Variable.missingValue { value = .nan }
                switch place.variable.kind {
                case .binary(let encoding) where place.variable.isSingleUnit:
                    let isKnown = value >= 0
                    inputs[place.inputs.lowerBound] = isKnown ? encoding(value) : 0
                    targets[position] = isKnown ? value : .nan
                case .binary, .categorical:
                    (inputs + place.inputs.lowerBound).update(repeating: 0, count: place.inputs.count)
                    let label = place.variable.classIndex(of: value)
                    if let label { inputs[place.inputs.lowerBound + label] = 1 }
                    targets[position] = label.map { Float($0) } ?? .nan
                case .real(let encoding):
                    (inputs + place.inputs.lowerBound).update(repeating: 0, count: place.inputs.count)
                    if value >= Variable.missingValue, let outcome = place.variable.classIndex(of: value) {
                        let number = place.variable.decode(value)
                        inputs[place.inputs.lowerBound] = number.isNaN ? 0 : encoding.input(number)
                        inputs[place.inputs.lowerBound + 1 + outcome] = 1
                        targets[position] = value
                        continue
                    }
                    let spread =
                        encoding.step.map { step in
                            corruption?.offset(within: Float(encoding.width(step, at: Double(value)))) ?? 0
                        } ?? 0
                    let encoded = value + spread
                    targets[position] = encoded
                    let noisy = encoded + (corruption?.normal() ?? 0)
                    let bound = encoding.inputBound
                    let stray = corruption?.stray().map { $0 * bound }
                    inputs[place.inputs.lowerBound] = value.isNaN ? 0 : stray ?? min(max(noisy, -bound), bound)
                }
            }
            corruption?.drop(inputs, of: places)
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
