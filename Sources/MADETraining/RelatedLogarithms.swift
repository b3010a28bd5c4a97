internal import Glibc
internal import MADE
internal import MADERows

/// Columns of numbers that follow from each other as products, areas and ratios do: linearly, where all of them are logarithms.
///
/// A column alone does not show it (`EncodingChoice`): its regression on all others does, by how likely it makes held-out
/// numbers.
struct RelatedLogarithms {
    /// By how many nats a row the columns must be likelier, a column by its regression and all together, for logarithms to be
    /// taken.
    private static let gainMin = 1.0
    /// And by how many nats a row any of them may be less likely: what follows from others as a sum has to go on doing so.
    private static let lossMax = 0.5
    /// What a column leaves of itself beside those that it follows from, at most, encoded units: of what is less sharp a network
    /// finds as much. And how many these may be for all of them to be tried as logarithms; otherwise the column alone is.
    private static let (deviationMax, sourcesMax) = (Float(0.1), 3)
    /// Times that some columns are tried as logarithms, at most; those first that promise most.
    private static let trialsMax = 16
    /// Rows that are looked at, spread evenly over the table.
    private static let rowCountMax = 1000
    /// Terms of a regression, at most: a relation that shows in none of so many is none of a few columns.
    private static let termsMax = 12
    /// The share of a column's numbers above 0 that are below ten linear widths of its logarithm: it is one for nearly all.
    private static let smallShare = 0.01

    /// What one way to encode all columns makes of a column.
    private struct Outlook {
        /// −log of the density of its numbers by its regression on all others, nats a row, up to a constant.
        var surprisal: Double
        /// The columns that it follows from; nil where it does not.
        var sources: [Int]?
    }

    private let schema: TableSchema
    /// Some rows of the columns of numbers alone.
    private let table: Table
    /// Rows of the whole table.
    private let rowCount: Int
    private let options: TrainingOptions

    /// The transforms of a table's columns [columns], those `chosen` for each column of numbers alone and nil for others, with
    /// logarithms for the columns of numbers that follow from each other by these.
    static func transforms(
        _ chosen: [NumberTransform?], _ schema: TableSchema, rows: Table, options: TrainingOptions
    ) -> [NumberTransform?] {
        let columns = schema.columns.indices.filter { chosen[$0] != nil }
        guard options.hasResidualMeans, columns.count > 1, rows.rowCount >= RegressionRows.rowsMin else {
            return chosen
        }
        var transforms = chosen
        let better = RelatedLogarithms(columns, schema, rows, options).transforms(chosen.compactMap(\.self))
        for (column, transform) in zip(columns, better) { transforms[column] = transform }
        return transforms
    }

    private init(_ columns: [Int], _ schema: TableSchema, _ rows: Table, _ options: TrainingOptions) {
        let count = min(rows.rowCount, Self.rowCountMax)
        let places = (0..<count).map { rows.rowCount * $0 / count }
        self.schema = TableSchema(columns: columns.map { schema.columns[$0] })
        table = Table(
            columns: columns.map { schema.columns[$0].name },
            values: columns.map { column in places.map { rows.values[column][$0] } })
        rowCount = rows.rowCount
        self.options = options
    }

    private func transforms(_ chosen: [NumberTransform]) -> [NumberTransform] {
        let logarithms = table.values.map { logarithm(of: $0) }
        let before = outlooks(chosen)
        let after = outlooks(zip(logarithms, chosen).map { $0 ?? $1 })
        let relations = chosen.indices.compactMap { column -> (gain: Double, columns: [Int])? in
            let gain = before[column].surprisal - after[column].surprisal
            guard gain >= Self.gainMin, let sources = after[column].sources else { return nil }
            return (gain, sources.count > Self.sourcesMax ? [column] : [column] + sources)
        }.sorted { $0.gain > $1.gain }
        var best = (transforms: chosen, surprisals: before.map(\.surprisal))
        var trialCount = 0
        var place = 0
        while place < relations.count, trialCount < Self.trialsMax {
            let relation = relations[place]
            place += 1
            var tried = best.transforms
            for column in relation.columns { tried[column] = logarithms[column] ?? tried[column] }
            guard tried != best.transforms else { continue }
            trialCount += 1
            let surprisals = outlooks(tried).map(\.surprisal)
            let gains = zip(best.surprisals, surprisals).map { $0 - $1 }
            guard gains.reduce(0, +) >= Self.gainMin, gains.allSatisfy({ $0 >= -Self.lossMax }) else { continue }
            best = (tried, surprisals)
            // What was of no use before may be of some beside these.
            place = 0
        }
        return best.transforms
    }

    /// Of each column.
    private func outlooks(_ transforms: [NumberTransform]) -> [Outlook] {
        let encoder = TableEncoder(schema, rows: table, options: options, transforms: transforms)
        let encoded = encoder.encode(table)
        let regressions = RegressionRows(
            encoder.variables, encoded, deviationMin: options.residualDeviationMin(rowCount: rowCount),
            termsMax: Self.termsMax)
        return encoder.variables.enumerated().map { column, variable in
            guard case .real(let encoding) = variable.kind else { return Outlook(surprisal: 0, sources: nil) }
            let numbers = encoded.column(column).filter { abs($0) < Variable.missingValue }
            let share = Double(numbers.count) / Double(table.rowCount)
            let volume = numbers.reduce(0) { $0 + encoding.logVolume(at: Double($1)) } / Double(table.rowCount)
            let surprisal = share * log(encoding.unit) + volume
            // What follows from nothing leaves its own deviation, 1.
            guard let relation = regressions.relation(of: column) else {
                return Outlook(surprisal: surprisal, sources: nil)
            }
            return Outlook(
                surprisal: surprisal + share * log(Double(relation.deviation)),
                sources: relation.deviation <= Self.deviationMax ? relation.sources : nil)
        }
    }

    /// The logarithm of nearly all of `numbers`; nil where some are below 0, or those above it are few, all alike, or beyond
    /// what a double tells apart.
    private func logarithm(of numbers: [Double]) -> NumberTransform? {
        let sizes = numbers.filter { $0 > 0 }.sorted()
        guard !numbers.contains(where: { $0 < 0 }), sizes.count >= EncodingChoice.countMin, let least = sizes.first,
            let greatest = sizes.last, least < greatest
        else { return nil }
        let width = sizes[Int(Self.smallShare * Double(sizes.count - 1))] / 10
        return width.isNormal && greatest / width < 1e30 ? NumberTransform(linearWidth: width) : nil
    }
}
