// Prints the least likely row of each table, in constant memory: the libraries without `TableModel`.
//
//     swift run stream ../config/models/diamonds.safetensors table.csv…

import Foundation
import MADE
import MADERows

guard CommandLine.arguments.count > 2 else {
    print("usage: stream MODEL TABLE…")
    exit(2)
}
let (model, _) = try Checkpoint.load(CommandLine.arguments[1])
guard let schema = RowSchema(model.card) else { throw TableModelError.memory }
let scorer = RowScorer(model, judgement: Judgement(model.card.calibration, alpha: 0.01))
let workspace = model.makeWorkspace()
for path in CommandLine.arguments.dropFirst(2) {
    let reader = try TableReader(path: path, schema: schema)
    var worst: (row: Int, score: Double)?
    while case let first = reader.rowCount, case let count = try reader.read(rowsMax: 1024), count > 0 {
        scorer.score(reader.values.span, using: workspace)
        let faulty = Set(reader.faultyRows)
        for (row, score) in zip((0..<count).lazy.filter { !faulty.contains($0) }, scorer.scores)
        where score > worst?.score ?? -.infinity {
            worst = (first + row + 1, score)
        }
    }
    if let worst { print("\(path): row \(worst.row), score \(worst.score)") }
}
