// Prints the five most unusual rows of a table, with the value that makes each so.
//
//     swift run score ../config/models/diamonds.safetensors table.csv

import Foundation
import MADERows

guard CommandLine.arguments.count == 3 else {
    print("usage: score MODEL TABLE")
    exit(2)
}
let model = try TableModel(contentsOf: CommandLine.arguments[1])
let scores = try model.score(contentsOf: CommandLine.arguments[2], explaining: 1)
for row in scores.rows.sorted(by: { $0.score > $1.score }).prefix(5) {
    let cell = row.explanation[0]
    print(
        "row \(row.index + 1): p-value \(row.pValue ?? .nan), \(cell.column) is \(cell.value),",
        "expected \(cell.expected ?? "anything")")
}
for fault in scores.faults { print("not scored: \(fault)") }
