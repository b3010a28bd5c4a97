internal import CStaircase

/// One forward pass that draws the variables on its way.
struct SamplingPass {
    let member: CompiledMember
    let rowCount: Int
    let buffers: SamplingBuffers
    private let model: CompiledModel

    init(model: CompiledModel, member: CompiledMember, rowCount: Int, buffers: SamplingBuffers) {
        self.model = model
        self.member = member
        self.rowCount = rowCount
        self.buffers = buffers
    }

    /// What the pass computed: what scoring its rows would have.
    var result: ForwardResult {
        ForwardResult(
            rowCount: rowCount, values: buffers.values, outputs: buffers.layers[member.layers.count - 1],
            direct: member.direct == nil ? nil : buffers.direct.base,
            variables: model.isBinary ? nil : member.variables.staircase)
    }

    /// Fills `buffers.values`, the input units and the output layer, from `buffers.uniforms` and `buffers.normals`; `evidence`
    /// [D], or [rows × D], in the member's order is NaN where a variable is to be drawn: the same ones in all rows.
    func run(evidence: [Float], inverseTemperature: Float) {
        let layers = growingLayers()
        layers.withUnsafeBufferPointer { layers in
            evidence.withUnsafeBufferPointer { evidence in
                var pass = staircase_pass()
                pass.rows = rowCount
                pass.variables = member.variables.staircase
                pass.activation = model.activation.kernel
                pass.hidden_count = member.layers.count - 1
                pass.layer_count = layers.count
                pass.layers = layers.baseAddress
                pass.evidence = evidence.baseAddress
                pass.evidence_stride = evidence.count > model.variableCount ? model.variableCount : 0
                pass.inverse_temperature = inverseTemperature
                pass.uniforms = buffers.uniforms.base
                pass.normals = buffers.normals.count == 0 ? nil : UnsafePointer(buffers.normals.base)
                pass.values = buffers.values.base
                pass.values_stride = buffers.values.stride
                pass.units = model.isBinary ? nil : buffers.inputs.base
                pass.unit_stride = buffers.inputs.stride
                model.kernels.functions.sample(&pass)
            }
        }
    }

    /// The hidden layers, the output layer, then the direct connections if there are any.
    private func growingLayers() -> [staircase_growing_layer] {
        var layers: [staircase_growing_layer] = []
        layers.reserveCapacity(member.layers.count + 1)
        var progress = buffers.progress.base
        func grow(_ layer: PackedLayer, ends: AlignedBuffer<Int>, from x: RowBlock, to y: RowBlock, isResidual: Bool) {
            layers.append(
                staircase_growing_layer(
                    layer: layer.staircase, ends: ends.base, x: x.base, x_stride: x.stride, y: y.base,
                    y_stride: y.stride, is_residual: isResidual, progress: progress))
            progress += layer.panelCount
        }
        var inputs = buffers.inputs
        for (index, layer) in member.layers.enumerated() {
            let outputs = buffers.layers[index]
            grow(
                layer, ends: member.unitEnds[index], from: inputs, to: outputs, isResidual: member.isResidual[index])
            inputs = outputs
        }
        if let direct = member.direct {
            grow(direct, ends: member.inputEnds, from: buffers.inputs, to: buffers.direct, isResidual: false)
        }
        return layers
    }
}
