internal import CStaircase
internal import MADE

/// Forward and backward passes of one masked network over batches of rows, on one thread.
///
/// All sums run in one order, so the same parameters and rows give the same bits whatever runs beside them.
final class Backpropagation {
    let plan: ParameterPlan
    /// [plan.count].
    let parameters: FloatBuffer
    /// [plan.count]: derivatives of the batch's mean negative log-likelihood. Masked entries hold leftovers, and must be
    /// multiplied with `plan.mask`.
    let gradient: FloatBuffer

    private let activation: Activation
    private let isResidual: Bool
    private let batch: Batch
    private let residualMeans: ResidualMeans
    private let outputLoss: OutputLoss
    private let hidden: [HiddenUnits]
    /// [rows × outputs]: the conditionals' parameters, then derivatives by them.
    private let outputs: FloatBuffer
    /// [rows × units] of the widest hidden layer: derivatives by the layer's outputs.
    private let upstream: FloatBuffer
    /// [rows × plan.directPlaces]: what direct connections give to their outputs, then derivatives by these; of no use where they
    /// lead to all outputs.
    private let directOutputs: FloatBuffer
    /// Outputs of direct connections that lie side by side among all outputs: where, and the first's number.
    private let directRuns: [(outputs: Range<Int>, first: Int)]
    private let kernels = staircase_kernels_best().pointee

    /// `sibling`: passes of the same network under another mask, which lend their buffers and are not used beside these.
    init(
        plan: ParameterPlan, places: VariablePlaces, residualMeans: ResidualMeans = .none, activation: Activation,
        isResidual: Bool, rowsMax: Int, sharing sibling: Backpropagation? = nil
    ) {
        self.plan = plan
        self.activation = activation
        self.isResidual = isResidual
        self.residualMeans = residualMeans
        batch = Batch(places, rowsMax: rowsMax, keepsSeen: !residualMeans.isEmpty)
        outputLoss = OutputLoss(places.places, rowsMax: rowsMax)
        parameters = sibling?.parameters ?? FloatBuffer(count: plan.count)
        gradient = sibling?.gradient ?? FloatBuffer(count: plan.count)
        hidden =
            sibling?.hidden
            ?? plan.layers.dropLast().map { HiddenUnits(rowsMax: rowsMax, unitCount: $0.outputCount) }
        outputs = sibling?.outputs ?? FloatBuffer(count: rowsMax * plan.outputCount)
        upstream = sibling?.upstream ?? FloatBuffer(count: rowsMax * (hidden.map(\.unitCount).max() ?? 0))
        var runs: [(outputs: Range<Int>, first: Int)] = []
        for (index, place) in plan.directPlaces.enumerated() {
            if let last = runs.last, last.outputs.upperBound == place {
                runs[runs.count - 1].outputs = last.outputs.lowerBound..<place + 1
            } else {
                runs.append((place..<place + 1, index))
            }
        }
        directRuns = runs
        directOutputs =
            sibling?.directOutputs ?? FloatBuffer(count: runs.count > 1 ? rowsMax * plan.directPlaces.count : 0)
    }

    private var rowCount: Int { batch.rowCount }

    /// Takes the rows at `indices` of `values` [n × D] as the batch; precondition: at most `rowsMax`.
    func load(_ indices: ArraySlice<Int>, of values: [Float]) {
        var none: Corruption?
        load(indices, of: values, corruption: &none)
    }

    /// Takes the rows at `indices` of `values` [n × D] as the batch, corrupted.
    func load(_ indices: ArraySlice<Int>, of values: [Float], corruption: inout Corruption?) {
        batch.load(indices, of: values, corruption: &corruption)
    }

    /// Computes the batch's outputs.
    func forward() {
        var none: Dropout?
        forward(dropout: &none)
    }

    /// Computes the batch's outputs with some hidden units left out.
    func forward(dropout: inout Dropout?) {
        var source = batch.inputs
        for (index, layer) in plan.layers.enumerated() {
            let target = index < hidden.count ? hidden[index].values : outputs
            for row in 0..<rowCount {
                (target.pointer + row * layer.outputCount).update(
                    from: parameters.pointer + plan.biases[index].lowerBound, count: layer.outputCount)
            }
            multiply(layer, source, into: target)
            if index < hidden.count {
                hidden[index].activate(activation, rowCount: rowCount)
                if var drops = dropout {
                    hidden[index].drop(&drops, rowCount: rowCount)
                    dropout = drops
                }
                if skips(index) { hidden[index].add(hidden[index - 1], rowCount: rowCount) }
            }
            source = target
        }
        addDirect()
        residualMeans.place(
            in: outputs, outputCount: plan.outputCount, seen: batch.seen, inputCount: plan.inputCount,
            rowCount: rowCount)
    }

    private func addDirect() {
        guard let direct = plan.direct else { return }
        guard directRuns.count > 1 else { return multiply(direct, batch.inputs, into: outputs) }
        directOutputs.clear(0..<rowCount * direct.outputCount)
        multiply(direct, batch.inputs, into: directOutputs)
        forEachDirectRun { some, all, count in
            for index in 0..<count { all[index] += some[index] }
        }
    }

    /// Calls `body` with each row's runs of direct outputs: among these, among all outputs, and how many they are.
    private func forEachDirectRun(
        _ body: (_ some: UnsafeMutablePointer<Float>, _ all: UnsafeMutablePointer<Float>, _ count: Int) -> Void
    ) {
        for row in 0..<rowCount {
            let some = directOutputs.pointer + row * plan.directPlaces.count
            let all = outputs.pointer + row * plan.outputCount
            for run in directRuns { body(some + run.first, all + run.outputs.lowerBound, run.outputs.count) }
        }
    }

    /// Whether hidden layer `index` adds the layer before it to its own units. Both have the same degrees, hence the same
    /// order of units.
    private func skips(_ index: Int) -> Bool {
        isResidual && index > 0 && hidden[index].unitCount == hidden[index - 1].unitCount
    }

    /// Sum over the batch of −log p(x), nats, but for the `trimmedCount` rows where it is largest, and with a bound for the
    /// `trimmedValueCount` most remote numbers of each column.
    ///
    /// Replaces the outputs by the derivatives of the counted rows' mean by them, for `backward`, but for those of
    /// these numbers.
    func loss(trimmedCount: Int = 0, trimmedValueCount: Int = 0) -> Double {
        outputLoss.replace(
            outputs, of: batch, trimmedCount: trimmedCount, trimmedValueCount: trimmedValueCount)
    }

    /// Computes `gradient` from the derivatives that `loss` left.
    func backward() {
        residualMeans.scale(outputs, outputCount: plan.outputCount, rowCount: rowCount)
        if let direct = plan.direct { setGradient(ofDirect: direct) }
        var derivatives = outputs
        for index in plan.layers.indices.reversed() {
            let layer = plan.layers[index]
            sumRows(of: derivatives, into: plan.biases[index])
            let source = index == 0 ? batch.inputs : hidden[index - 1].values
            setGradient(of: layer, derivatives: derivatives, source: source)
            guard index > 0 else { return }
            let isKept = index < hidden.count && skips(index)
            passBack(layer, derivatives: derivatives, to: hidden[index - 1], keeping: isKept)
            derivatives = hidden[index - 1].values
        }
    }

    private func setGradient(ofDirect direct: ParameterPlan.Product) {
        guard directRuns.count > 1 else { return setGradient(of: direct, derivatives: outputs, source: batch.inputs) }
        forEachDirectRun { some, all, count in some.update(from: all, count: count) }
        setGradient(of: direct, derivatives: directOutputs, source: batch.inputs)
    }

    /// target [rows × outputs] += source [rows × inputs] · weight transposed.
    private func multiply(_ product: ParameterPlan.Product, _ source: FloatBuffer, into target: FloatBuffer) {
        let (inputs, outputs) = (product.inputCount, product.outputCount)
        multiply(
            staircase_product(
                rows: rowCount, columns: outputs, depth: inputs, a: source.pointer, a_row_stride: inputs,
                a_depth_stride: 1, b: parameters.pointer + product.weight.lowerBound, b_depth_stride: 1,
                b_column_stride: inputs, c: target.pointer, c_stride: outputs, adds: true, strips: nil),
            product.forward)
    }

    /// gradient [outputs × inputs] = derivatives [rows × outputs] transposed · source [rows × inputs].
    private func setGradient(of product: ParameterPlan.Product, derivatives: FloatBuffer, source: FloatBuffer) {
        let (inputs, outputs) = (product.inputCount, product.outputCount)
        multiply(
            staircase_product(
                rows: outputs, columns: inputs, depth: rowCount, a: derivatives.pointer, a_row_stride: 1,
                a_depth_stride: outputs, b: source.pointer, b_depth_stride: inputs, b_column_stride: 1,
                c: gradient.pointer + product.weight.lowerBound, c_stride: inputs, adds: false, strips: nil),
            product.gradient)
    }

    private func multiply(_ product: staircase_product, _ strips: [staircase_strip]) {
        strips.withUnsafeBufferPointer { strips in
            var product = product
            product.strips = strips.baseAddress
            kernels.multiply_matrices(&product)
        }
    }

    /// Replaces the outputs of `units` by derivatives of the loss by their sums.
    ///
    /// `upstream` holds the derivatives by the outputs of the layer above; a layer that adds `units` to its own passes them
    /// on as they are, besides those through its weights.
    private func passBack(
        _ product: ParameterPlan.Product, derivatives: FloatBuffer, to units: HiddenUnits, keeping isKept: Bool
    ) {
        let (inputs, outputs) = (product.inputCount, product.outputCount)
        let count = rowCount * inputs
        if !isKept { upstream.clear(0..<count) }
        multiply(
            staircase_product(
                rows: rowCount, columns: inputs, depth: outputs, a: derivatives.pointer, a_row_stride: outputs,
                a_depth_stride: 1, b: parameters.pointer + product.weight.lowerBound, b_depth_stride: inputs,
                b_column_stride: 1, c: upstream.pointer, c_stride: inputs, adds: true, strips: nil),
            product.backward)
        let values = units.values.pointer
        let slopes = units.slopes.pointer
        let upstream = upstream.pointer
        for place in 0..<count { values[place] = upstream[place] * slopes[place] }
    }

    /// Sums derivatives [rows × units] over the rows into the gradient's `range` [units].
    private func sumRows(of derivatives: FloatBuffer, into range: Range<Int>) {
        gradient.clear(range)
        let sums = gradient.pointer + range.lowerBound
        for row in 0..<rowCount {
            let line = derivatives.pointer + row * range.count
            for unit in 0..<range.count { sums[unit] += line[unit] }
        }
    }
}
