internal import MADE

/// Means of mixtures that are counted from linear regressions, where these leave little of a variable.
///
/// A column may nearly follow from others: a sum from its parts, a close from the day's high and low. Half the Gaussians of such
/// a variable have the means r + s z, with r its regression on the variables before it in the ordering, s the deviation of the
/// residuals, and z what the network gives: it begins with what is linear, and learns the rest at the scale at which that
/// matters. The others stay where the column itself lies, so that what breaks the relation has a density too. Trained, all are
/// means of a plain network: r is one of direct connections.
struct ResidualMeans: Sendable {
    /// Of one variable, in a network's places of units.
    struct Regression: Sendable {
        /// Output units that are means counted from it.
        let means: Range<Int>
        /// Their spreads.
        let spreads: Range<Int>
        /// Input units of variables before it, and their weights.
        let units: [Int]
        let weights: [Float]
        let intercept: Float
        /// s, encoded units.
        let deviation: Float
        /// `RealEncoding.scaleFloor` of the variable.
        let scaleFloor: Float
    }

    static let none = ResidualMeans(regressions: [])

    let regressions: [Regression]

    var isEmpty: Bool { regressions.isEmpty }

    private init(regressions: [Regression]) { self.regressions = regressions }

    /// Of a network whose variables stand at `places`.
    init(_ places: VariablePlaces, _ rows: RegressionRows) {
        let inputs = Dictionary(uniqueKeysWithValues: places.places.map { ($0.index, $0.inputs.lowerBound) })
        var before: [Int] = []
        var regressions: [Regression] = []
        for place in places.places {
            defer { before.append(place.index) }
            guard case .real(let encoding) = place.variable.kind, encoding.componentCount > 1,
                let found = rows.regression(of: place.index, on: before)
            else { continue }
            let means = place.outputs.lowerBound + place.variable.classCount + encoding.componentCount
            let count = encoding.componentCount / 2
            let spreads = means + encoding.componentCount
            regressions.append(
                Regression(
                    means: means..<means + count, spreads: spreads..<spreads + count,
                    units: found.terms.map { (inputs[$0.variable] ?? 0) + $0.unit },
                    weights: found.terms.map(\.weight), intercept: found.intercept,
                    deviation: found.deviation, scaleFloor: encoding.scaleFloor))
        }
        self.regressions = regressions
    }

    /// Replaces z in `outputs` [rows × outputCount] by r + s z, the rows' inputs being `seen` [rows × inputCount].
    func place(in outputs: FloatBuffer, outputCount: Int, seen: FloatBuffer, inputCount: Int, rowCount: Int) {
        for regression in regressions {
            for row in 0..<rowCount {
                let inputs = seen.pointer + row * inputCount
                var mean = regression.intercept
                for (unit, weight) in zip(regression.units, regression.weights) { mean += weight * inputs[unit] }
                let line = outputs.pointer + row * outputCount
                for output in regression.means { line[output] = mean + regression.deviation * line[output] }
            }
        }
    }

    /// Turns derivatives by means [rows × outputCount] into those by z.
    func scale(_ derivatives: FloatBuffer, outputCount: Int, rowCount: Int) {
        for regression in regressions {
            for row in 0..<rowCount {
                let line = derivatives.pointer + row * outputCount
                for output in regression.means { line[output] *= regression.deviation }
            }
        }
    }

    /// The `parameters` [plan.count] of the plain network that has the same means.
    func folded(into parameters: [Float], _ plan: ParameterPlan) -> [Float] {
        var parameters = parameters
        let last = plan.layers[plan.layers.count - 1]
        let biases = plan.biases[plan.layers.count - 1].lowerBound
        for regression in regressions {
            for output in regression.means {
                guard let direct = plan.direct, let row = plan.directPlaces.firstIndex(of: output) else { continue }
                let line = last.weight.lowerBound + output * last.inputCount
                let directLine = direct.weight.lowerBound + row * direct.inputCount
                for place in [line..<line + last.inputCount, directLine..<directLine + direct.inputCount].joined() {
                    parameters[place] *= regression.deviation
                }
                parameters[biases + output] *= regression.deviation
                parameters[biases + output] += regression.intercept
                for (unit, weight) in zip(regression.units, regression.weights) {
                    parameters[directLine + unit] += weight
                }
            }
        }
        return parameters
    }
}
