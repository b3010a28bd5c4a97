internal import MADE

/// The passes of one network: under the one mask that is its own, or under several that share its parameters, a minibatch
/// under each in turn (Germain et al. 2015, sections 4.2 and 4.3).
///
/// Shared parameters lie as the first mask's plan has them. Passes under a mask work on a copy in the order of units that
/// makes that mask a staircase, and their gradient is put back where it belongs.
final class NetworkPasses {
    /// An ordering of the variables, and the degrees of the hidden units: the network's connectivity.
    struct Mask: Sendable, Equatable {
        let ordering: Ordering
        let hiddenDegrees: [[Int]]
    }

    let masks: [Mask]
    /// [plan.count].
    let parameters: FloatBuffer
    /// [plan.count]: derivatives of the batch's mean negative log-likelihood; of one own mask's as in `Backpropagation`, else
    /// 0 wherever the selected mask lets nothing through.
    let gradient: FloatBuffer
    /// Share of the masks that let each parameter through, [plan.count].
    let coverage: [Float]

    let residualMeans: ResidualMeans
    private let passes: [Backpropagation]
    /// One a mask; none where there is one mask.
    private let arrangements: [Arrangement]
    private var selected = 0

    /// `regressionRows`: what residual means are found on; nil for none.
    ///
    /// Precondition: at least one mask, and no more where there are residual means.
    init(
        _ masks: [Mask], variables: [Variable], regressionRows: RegressionRows? = nil, options: TrainingOptions,
        rowsMax: Int
    ) {
        let layout = UnitLayout(variables)
        let directOutputs = options.isDirect ? VariablePlaces.directOutputs(of: variables) : nil
        residualMeans =
            regressionRows.map { ResidualMeans(VariablePlaces(variables, ordering: masks[0].ordering), $0) } ?? .none
        var passes: [Backpropagation] = []
        for mask in masks {
            let degrees = Degrees(ordering: mask.ordering, hidden: mask.hiddenDegrees, layout: layout)
            passes.append(
                Backpropagation(
                    plan: ParameterPlan(degrees: degrees, directOutputs: directOutputs),
                    places: VariablePlaces(variables, ordering: mask.ordering), residualMeans: residualMeans,
                    activation: options.activation, isResidual: options.isResidual, rowsMax: rowsMax,
                    sharing: passes.first))
        }
        self.masks = masks
        self.passes = passes
        let plan = passes[0].plan
        guard masks.count > 1 else {
            arrangements = []
            coverage = plan.mask
            parameters = passes[0].parameters
            gradient = passes[0].gradient
            return
        }
        arrangements = passes.map { Arrangement($0.plan, in: plan) }
        parameters = FloatBuffer(count: plan.count)
        gradient = FloatBuffer(count: plan.count)
        let share = FloatBuffer(count: plan.count)
        var coverage = [Float](repeating: 0, count: plan.count)
        for (arrangement, passes) in zip(arrangements, passes) {
            arrangement.put(FloatBuffer(passes.plan.mask), into: share)
            for place in coverage.indices { coverage[place] += share.pointer[place] }
        }
        self.coverage = coverage.map { $0 / Float(masks.count) }
    }

    /// The network that has `parameters` [plan.count].
    func network(from parameters: [Float]) -> MaskedNetwork {
        plan.network(from: residualMeans.folded(into: parameters, plan))
    }

    /// How the parameters lie.
    var plan: ParameterPlan { passes[0].plan }

    /// The passes under one of the masks, of the parameters as they are now; the last selected are not to be used any more.
    func select(_ mask: Int) -> Backpropagation {
        selected = mask
        if !arrangements.isEmpty { arrangements[mask].take(from: parameters, into: passes[mask].parameters) }
        return passes[mask]
    }

    /// Computes `gradient` by the selected passes.
    func backward() {
        passes[selected].backward()
        if !arrangements.isEmpty { arrangements[selected].put(passes[selected].gradient, into: gradient) }
    }
}

/// Where the parameters of one plan lie in another plan of the same network.
private struct Arrangement {
    /// A matrix [outputs × inputs], row-major from `start` on in both plans.
    private struct Part {
        let start: Int
        /// The other plan's row of each row, and column of each column.
        let rows: [Int]
        let columns: [Int]
        /// How many of each row's columns the mask lets through, and how many the products read.
        let passedCounts: [Int]
        let readCounts: [Int]
    }

    private let parts: [Part]
    private let count: Int

    init(_ plan: ParameterPlan, in shared: ParameterPlan) {
        func part(_ product: ParameterPlan.Product, _ other: ParameterPlan.Product) -> Part {
            Part(
                start: product.weight.lowerBound, rows: Self.places(product.outputUnits, in: other.outputUnits),
                columns: Self.places(product.inputUnits, in: other.inputUnits),
                passedCounts: product.reach, readCounts: product.reach.indices.map(product.readCount))
        }
        var parts = zip(plan.layers, shared.layers).map { part($0, $1) }
        for (biases, products) in zip(plan.biases, zip(plan.layers, shared.layers)) {
            let ones = [Int](repeating: 1, count: biases.count)
            parts.append(
                Part(
                    start: biases.lowerBound,
                    rows: Self.places(products.0.outputUnits, in: products.1.outputUnits), columns: [0],
                    passedCounts: ones, readCounts: ones))
        }
        if let direct = plan.direct, let other = shared.direct { parts.append(part(direct, other)) }
        self.parts = parts
        count = plan.count
    }

    /// target, in this plan = source, in the shared one, where the mask lets it through; 0 elsewhere where products read.
    func take(from source: FloatBuffer, into target: FloatBuffer) {
        for part in parts {
            let width = part.columns.count
            for (row, sharedRow) in part.rows.enumerated() {
                let from = source.pointer + part.start + sharedRow * width
                let into = target.pointer + part.start + row * width
                let passedCount = part.passedCounts[row]
                part.columns.withUnsafeBufferPointer { columns in
                    for column in 0..<passedCount { into[column] = from[columns[column]] }
                }
                for column in passedCount..<part.readCounts[row] { into[column] = 0 }
            }
        }
    }

    /// target, in the shared plan = source, in this one, where the mask lets it through; 0 elsewhere.
    func put(_ source: FloatBuffer, into target: FloatBuffer) {
        target.clear(0..<count)
        for part in parts {
            let width = part.columns.count
            for (row, sharedRow) in part.rows.enumerated() {
                let from = source.pointer + part.start + row * width
                let into = target.pointer + part.start + sharedRow * width
                part.columns.withUnsafeBufferPointer { columns in
                    for column in 0..<part.passedCounts[row] { into[columns[column]] = from[column] }
                }
            }
        }
    }

    /// Where each of `units` stands in `others`, the same units in another order.
    private static func places(_ units: [Int], in others: [Int]) -> [Int] {
        var places = [Int](repeating: 0, count: (units.max() ?? -1) + 1)
        for (place, unit) in others.enumerated() { places[unit] = place }
        return units.map { places[$0] }
    }
}
