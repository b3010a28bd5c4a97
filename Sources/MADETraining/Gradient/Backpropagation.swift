internal import Glibc
internal import MADE

/// Forward and backward passes of one masked network over batches of binary rows, on one thread.
///
/// All sums run in one order, so the same parameters and rows give the same bits whatever runs beside them.
final class Backpropagation {
    let plan: ParameterPlan
    /// [plan.count].
    let parameters: FloatBuffer
    /// [plan.count]: derivatives of the batch's mean negative log-likelihood. Masked entries hold leftovers of whole
    /// blocks and must be multiplied with `plan.mask`.
    let gradient: FloatBuffer

    private let activation: Activation
    private let encodings: [AffineEncoding]
    private let rowsMax: Int
    private var rowCount = 0
    /// [rows × inputs], in the plan's order of units.
    private let inputs: FloatBuffer
    /// [rows × outputs]: the values that the output units are to predict.
    private let targets: FloatBuffer
    private let hidden: [HiddenUnits]
    /// [rows × outputs]: logits, then derivatives by them.
    private let outputs: FloatBuffer
    /// [rows × units] of the widest hidden layer: derivatives by activations.
    private let upstream: FloatBuffer

    /// `encodings` are those of the variables, all binary, in the order of a row's values.
    init(plan: ParameterPlan, activation: Activation, encodings: [AffineEncoding], rowsMax: Int) {
        precondition(encodings.count == plan.inputCount && plan.inputCount == plan.outputCount)
        MatrixProduct.prepare
        self.plan = plan
        self.activation = activation
        self.encodings = encodings
        self.rowsMax = rowsMax
        parameters = FloatBuffer(count: plan.count)
        gradient = FloatBuffer(count: plan.count)
        inputs = FloatBuffer(count: rowsMax * plan.inputCount)
        targets = FloatBuffer(count: rowsMax * plan.outputCount)
        hidden = plan.layers.dropLast().map { HiddenUnits(rowsMax: rowsMax, unitCount: $0.outputCount) }
        outputs = FloatBuffer(count: rowsMax * plan.outputCount)
        upstream = FloatBuffer(count: rowsMax * (hidden.map(\.unitCount).max() ?? 0))
    }

    /// Takes the rows at `indices` of `values` [n × D] as the batch; precondition: at most `rowsMax`.
    func load(_ indices: ArraySlice<Int>, of values: [Float]) {
        precondition(indices.count <= rowsMax)
        rowCount = indices.count
        let variableCount = encodings.count
        let inputUnits = plan.inputUnits
        let outputUnits = plan.outputUnits
        for (row, index) in indices.enumerated() {
            let start = row * variableCount
            for (place, unit) in inputUnits.enumerated() {
                inputs.pointer[start + place] = encodings[unit](values[index * variableCount + unit])
            }
            for (place, unit) in outputUnits.enumerated() {
                targets.pointer[start + place] = values[index * variableCount + unit]
            }
        }
    }

    /// Computes the batch's logits.
    func forward() {
        var none: Dropout?
        forward(dropout: &none)
    }

    /// Computes the batch's logits with some hidden units left out.
    func forward(dropout: inout Dropout?) {
        var source = inputs
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
            }
            source = target
        }
        if let direct = plan.direct { multiply(direct, inputs, into: outputs) }
    }

    /// Sum over the batch of −log p(x), nats: −log σ(z) where the target is 1, −log σ(−z) where it is 0.
    ///
    /// Replaces the logits by the derivatives of the batch's mean by them, (σ(z) − x) / rows, for `backward`.
    func loss() -> Double {
        let share = 1 / Float(rowCount)
        var sum = 0.0
        for row in 0..<rowCount {
            var linear: Float = 0
            // One logarithm serves many terms: the factors lie in (1, 2], so a product below 2^100 can take another.
            var product: Float = 1
            var logarithms: Float = 0
            for place in row * plan.outputCount..<(row + 1) * plan.outputCount {
                let logit = outputs.pointer[place]
                let target = targets.pointer[place]
                let decay = expf(-abs(logit))
                let tail = 1 / (1 + decay)
                outputs.pointer[place] = ((logit >= 0 ? tail : decay * tail) - target) * share
                linear += max(logit, 0) - target * logit
                product *= 1 + decay
                if product > 0x1p100 {
                    logarithms += logf(product)
                    product = 1
                }
            }
            sum += Double(linear) + Double(logarithms + logf(product))
        }
        return sum
    }

    /// Computes `gradient` from the derivatives that `loss` left.
    func backward() {
        if let direct = plan.direct { setGradient(of: direct, derivatives: outputs, source: inputs) }
        var derivatives = outputs
        for index in plan.layers.indices.reversed() {
            let layer = plan.layers[index]
            sumRows(of: derivatives, into: plan.biases[index])
            setGradient(of: layer, derivatives: derivatives, source: index == 0 ? inputs : hidden[index - 1].values)
            guard index > 0 else { return }
            passBack(layer, derivatives: derivatives, to: hidden[index - 1])
            derivatives = hidden[index - 1].values
        }
    }

    /// target [rows × outputs] += source [rows × inputs] · weight transposed.
    private func multiply(_ product: ParameterPlan.Product, _ source: FloatBuffer, into target: FloatBuffer) {
        for block in product.blocks where block.inputCount > 0 {
            MatrixProduct.addTransposed(
                source.pointer, stride: product.inputCount, weight(of: block, in: product, parameters),
                stride: product.inputCount, into: target.pointer + block.outputs.lowerBound,
                stride: product.outputCount, rows: rowCount, columns: block.outputs.count, depth: block.inputCount)
        }
    }

    /// gradient [outputs × inputs] = derivatives [rows × outputs] transposed · source [rows × inputs].
    private func setGradient(of product: ParameterPlan.Product, derivatives: FloatBuffer, source: FloatBuffer) {
        for block in product.blocks where block.inputCount > 0 {
            MatrixProduct.setOuter(
                derivatives.pointer + block.outputs.lowerBound, stride: product.outputCount, source.pointer,
                stride: product.inputCount, into: weight(of: block, in: product, gradient),
                stride: product.inputCount, rows: block.outputs.count, columns: block.inputCount, depth: rowCount)
        }
    }

    /// Replaces the activations of `units` by derivatives of the loss by their sums.
    private func passBack(_ product: ParameterPlan.Product, derivatives: FloatBuffer, to units: HiddenUnits) {
        let count = rowCount * product.inputCount
        upstream.clear(0..<count)
        for block in product.blocks where block.inputCount > 0 {
            MatrixProduct.add(
                derivatives.pointer + block.outputs.lowerBound, stride: product.outputCount,
                weight(of: block, in: product, parameters), stride: product.inputCount, into: upstream.pointer,
                stride: product.inputCount, rows: rowCount, columns: block.inputCount, depth: block.outputs.count)
        }
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

    private func weight(
        of block: ParameterPlan.Block, in product: ParameterPlan.Product, _ buffer: FloatBuffer
    ) -> UnsafeMutablePointer<Float> {
        buffer.pointer + product.weight.lowerBound + block.outputs.lowerBound * product.inputCount
    }
}
