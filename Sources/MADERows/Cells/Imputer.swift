package import MADE

/// Fills the values that rows lack.
package struct Imputer: Sendable {
    /// How the rows are read: what is missing is not known.
    package static let readingOptions = ReadingOptions(missingIsUnknown: true)

    /// One variable of a cell that was filled.
    package struct Part: Sendable {
        package let variable: Int
        /// In the data's own units, one a draw.
        package let values: [Double]
        package let range: CellRange
        /// The probability that there is none, where that is an outcome.
        package let missingProbability: Double?
    }

    /// One cell that was filled.
    package struct Cell: Sendable {
        /// Among the columns that are read.
        package let column: Int
        /// One a draw.
        package let values: [SentCell]
        /// Of its variables: one, or the parts of a date.
        package let parts: [Part]
    }

    private let model: CompiledModel
    private let schema: RowSchema
    private let text: RowText
    private let times: ClockTimes?
    private let format: LineFormat
    private let method: ImputationMethod

    /// For rows that are written in `format`.
    package init(_ model: CompiledModel, _ schema: RowSchema, _ method: ImputationMethod, format: LineFormat) {
        self.model = model
        self.schema = schema
        self.method = method
        self.format = format
        text = RowText(model.card)
        times = ClockTimes(schema.table)
    }

    /// Whether a column has no value in a row.
    private func lacks(_ column: Int, _ row: SentRow) -> Bool {
        schema.columns[column].clock == nil
            ? row.values[schema.columns[column].variables.lowerBound].isNaN : row.seconds[column].isNaN
    }

    /// How many complete rows go through the model for `row`, roughly.
    package func weight(of row: SentRow) -> Int {
        let unknownCount = row.values.count(where: \.isNaN)
        let ranges = unknownCount * model.completionCount(of: row.values)
        guard case .draw(let count, _) = method, unknownCount > 1 else { return ranges }
        return ranges + 2 * count * unknownCount
    }

    /// The cells that `row`, number `number` of all, lacks. Its values are read with `readingOptions`.
    package func cells(of row: SentRow, number: Int, using workspace: CompiledModel.Workspace) -> [Cell] {
        let lacking = schema.columns.indices.filter { lacks($0, row) }
        if lacking.isEmpty { return [] }
        let (rows, parts) = filled(row, number: number, using: workspace)
        let draws = rows.indices.map { draw in
            seconds(of: row, filled: rows[draw], draw: UInt64(draw))
        }
        return lacking.map { column in
            let read = schema.columns[column]
            let values = rows.indices.map { draw -> SentCell in
                if let clock = read.clock { return clock.cell(draws[draw][column], in: format) }
                let variable = read.variables.lowerBound
                return text.cell(schema.variables[variable].decode(rows[draw][variable]), of: variable, in: format)
            }
            return Cell(column: column, values: values, parts: read.variables.compactMap { parts[$0] })
        }
    }

    private func seconds(of row: SentRow, filled: [Float], draw: UInt64) -> [Double] {
        let numbers = zip(filled, schema.variables).map { $1.decode($0) }
        return times?.seconds(numbers, known: row.seconds, draw: draw) ?? []
    }

    /// The row with values for all that it lacks, one a draw, and what there is to say of each variable.
    private func filled(
        _ row: SentRow, number: Int, using workspace: CompiledModel.Workspace
    ) -> (rows: [[Float]], parts: [Int: Part]) {
        var parts: [Int: Part] = [:]
        guard case .draw(let count, let seed) = method else {
            let best = best(row.values, into: &parts, using: workspace)
            return ([best], parts)
        }
        // Rows alike are drawn apart.
        let missing = MissingValues(seed: Samples.draw(seed: seed, row: number))
        let rows = model.completedRows(of: row.values, count: count, missing: missing, using: workspace)
        for variable in row.values.indices where row.values[variable].isNaN {
            let conditional = model.fullConditional(of: variable, in: row.values, using: workspace)
            let description = schema.variables[variable]
            parts[variable] = Part(
                variable: variable, values: rows.map { description.decode($0[variable]) },
                range: CellRange(conditional, of: description), missingProbability: conditional.missingProbability)
        }
        return (rows, parts)
    }

    /// The row with each value's best. The parts of a date are given those before them, lest they be of no one date.
    private func best(
        _ row: [Float], into parts: inout [Int: Part], using workspace: CompiledModel.Workspace
    ) -> [Float] {
        var filled = row
        for column in schema.columns {
            var given = row
            for variable in column.variables where row[variable].isNaN {
                let conditional = model.fullConditional(of: variable, in: given, using: workspace)
                let description = schema.variables[variable]
                let value = conditional.best(of: description)
                given[variable] = description.encode(value)
                filled[variable] = given[variable]
                parts[variable] = Part(
                    variable: variable, values: [value], range: CellRange(conditional, of: description),
                    missingProbability: conditional.missingProbability)
            }
        }
        return filled
    }
}
