import Foundation
import MADE

@testable import MADERows

/// A model without weights of a table with every kind of column.
enum FuzzedModel {
    static let table = """
        when,flag,real,label,code,euro,empty
        2024-01-31 13:05:00,yes,0.5,Ideal,10,"1.234,5 €",
        2024-02-29 23:59:59,no,-7,"a,b",20,"0,5 €",3
        2024-03-01 00:00:00,yes,1e3,é,30,"7 €",
        2024-03-02 08:00:00,no,,Ideal,10,"12,25 €",4.5
        2024-03-05 09:30:00,yes,2.25,é,20,"-1,5 €",0

        """

    static func inferred() throws -> InferredTable {
        let path = FileManager.default.temporaryDirectory.appending(path: "made-fuzz-\(getpid()).csv").path
        try Data(table.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = SchemaOptions()
        options.labelRowsMin = 1
        return try Table.infer(path, options: options)
    }

    static func model() throws -> DensityModel {
        let found = try inferred()
        let variables = found.schema.columns.map(\.variable)
        let layout = UnitLayout(variables)
        let layer = MaskedNetwork.Layer(
            weight: Matrix(rows: layout.outputUnitCount, columns: layout.inputUnitCount) { _, _ in 0 },
            bias: [Float](repeating: 0, count: layout.outputUnitCount))
        var model = DensityModel(
            name: "m", variables: variables, activation: .relu, networks: [MaskedNetwork(layers: [layer])],
            members: [Member(network: 0, ordering: .natural(count: variables.count), hiddenDegrees: [])])
        model.schema = found.schema.table
        return model
    }
}
