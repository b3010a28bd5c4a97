// Trains a model on a table, or on rows of its own where none is named, and draws five rows like it.
//
//     swift run draw table.csv model.safetensors

import MADERows
import MADETraining

let arguments = CommandLine.arguments
// Numbers, labels and missing values, as they come out of a program: what is warm is rarely heavy.
let rows = (0..<300).map { number in
    let isWarm = number % 3 == 0
    return TableRow([
        ("kind", isWarm ? "warm" : "cold"), ("weight", .number(Double(number % 7) + (isWarm ? 1 : 10))),
        ("note", number % 5 == 0 ? nil : "seen"),
    ])
}
let model =
    arguments.count > 1
    ? try TableModel.train(contentsOf: arguments[1]) : try TableModel.train(rows) { $0.stepCount = 300 }
if arguments.count > 2 { try model.write(to: arguments[2]) }
print(model.columns.joined(separator: ","))
for row in try model.sample(5, seed: 1) {
    print(row.cells.map(\.description).joined(separator: ","))
}
