// Finds wrong cells of a table, prints what they should be, and writes the table with them put right to a new file.
//
//     swift run repair ../config/models/diamonds.safetensors table.csv repaired.csv

import Foundation
import MADERows

guard CommandLine.arguments.count == 4 else {
    print("usage: repair MODEL TABLE OUTPUT")
    exit(2)
}
let model = try TableModel(contentsOf: CommandLine.arguments[1])
let repairs = try model.repair(
    contentsOf: CommandLine.arguments[2], writingTo: CommandLine.arguments[3], alpha: 0.001)
for row in repairs.rows where row.isRepaired == true {
    for change in row.changes {
        print("row \(row.index + 1): \(change.column) \(change.from) -> \(change.to), gain \(change.gain)")
    }
}
for fault in repairs.faults { print("not read: \(fault)") }
