public import MADE

extension DensityModel {
    /// What training follows: derivatives of the rows' mean −log p_s(x), nats, by the parameters of the network of
    /// `members[index]`, masked ones 0.
    ///
    /// Precondition: `rows` [n × D] holds one row or more; NaN stands for a missing value.
    public func gradient(member index: Int, rows: [Float]) -> MaskedNetwork {
        let member = members[index]
        let network = networks[member.network]
        let rowCount = rows.count / variables.count
        precondition(rowCount > 0 && rows.count == rowCount * variables.count)
        let plan = ParameterPlan(
            degrees: degrees(of: member),
            directOutputs: network.direct.map { [Bool](repeating: true, count: $0.rows) })
        let passes = Backpropagation(
            plan: plan, places: VariablePlaces(variables, ordering: member.ordering), activation: activation,
            isResidual: isResidual, rowsMax: rowCount)
        passes.parameters.set(plan.parameters(of: network))
        passes.load(Array(0..<rowCount)[...], of: rows)
        passes.forward()
        _ = passes.loss()
        passes.backward()
        return plan.network(from: zip(passes.gradient.elements, plan.mask).map { $1 == 0 ? 0 : $0 })
    }
}
