internal import Glibc
internal import MADE

/// Log-likelihoods of rows under a whole model.
struct Evaluation {
    private let model: DensityModel

    init(_ model: DensityModel) {
        self.model = model
    }

    /// log p(x) of each row, nats.
    func logLikelihoods(of table: Table) -> [Double] {
        let encodings = model.variables.map { variable in
            switch variable.kind {
            case .binary(let encoding): encoding
            }
        }
        let members = model.members.map { member in
            let plan = ParameterPlan(
                degrees: model.degrees(of: member), isDirect: model.networks[member.network].direct != nil)
            let passes = Backpropagation(plan: plan, activation: model.activation, encodings: encodings, rowsMax: 1)
            passes.parameters.set(plan.parameters(of: model.networks[member.network]))
            return (0..<table.rowCount).map { row in
                passes.load([row][...], of: table.values)
                passes.forward()
                return -passes.loss()
            }
        }
        return (0..<table.rowCount).map { row in
            let values = members.map { $0[row] }
            let peak = values.max() ?? 0
            return peak + log(values.reduce(0) { $0 + exp($1 - peak) } / Double(values.count))
        }
    }

    /// Mean negative log-likelihood, nats a row.
    func meanNats(of table: Table) -> Double {
        -logLikelihoods(of: table).reduce(0, +) / Double(table.rowCount)
    }
}
