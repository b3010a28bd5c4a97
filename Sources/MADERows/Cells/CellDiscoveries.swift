package import MADE

/// Cells of a table that are wrong, few of them by mistake: Benjamini and Hochberg's procedure over all of its cells.
///
/// One wrong value makes others of its row look wrong. Cells of a row are therefore judged one after the other, that of the
/// smallest p-value first, each in the row as it would be with those before it put right.
extension Repairer {
    /// The cells of a row that may turn out to be wrong, in the order in which they are judged.
    package struct Suspects: Sendable {
        /// With what would be right; the p-values never fall.
        let changes: [Change]
        /// The row's p-value as it came, and with each change on top of those before it.
        let rowPValues: [Double]

        /// What becomes of the row where the first `count` are changed.
        package func repair(_ count: Int) -> Repair {
            Repair(
                pValues: (rowPValues[0], rowPValues[count]), changes: Array(changes.prefix(count)),
                isRepaired: count == 0 ? nil : true)
        }
    }

    /// The cells of a row that may turn out to be discoveries at `rate`; at most as many as may be changed.
    package func suspects(
        in row: SentRow, rate: Double, using workspace: CompiledModel.Workspace
    ) -> Suspects {
        var open = changer.schema.columns.indices.filter { columns.places[$0] != nil }
        // No more than so many of a row's cells are discoveries, so that none has a p-value above this share of the rate.
        let pValueMax = rate * Double(min(options.changesMax, open.count)) / Double(max(open.count, 1))
        var state = changer.scored(RowState(values: row.values, seconds: row.seconds), using: workspace)
        var found: [Change] = []
        var rowPValues = [pValue(state)]
        while found.count < options.changesMax {
            let cells = gains(of: open, in: state, using: workspace)
            guard let cell = cells.min(by: { ($0.pValue, -$0.gain) < ($1.pValue, -$1.gain) }),
                cell.pValue <= pValueMax, let place = columns.places[cell.column],
                let next = changer.best([cell.column], of: state, using: workspace)?.state
            else { break }
            found.append(
                Change(
                    column: cell.column, from: row.cells[place], to: self.cell(of: cell.column, in: next),
                    gain: next.logLikelihood - state.logLikelihood,
                    pValue: max(cell.pValue, found.last?.pValue ?? 0)))
            open.removeAll { $0 == cell.column }
            state = next
            rowPValues.append(pValue(state))
        }
        return Suspects(changes: found, rowPValues: rowPValues)
    }

    /// How many of each row's suspects, from its first on, are discoveries at `rate` among the cells of all rows, `cellCount`
    /// in number.
    package static func discoveryCounts(_ suspects: [Suspects?], cellCount: Int, rate: Double) -> [Int] {
        let pValues = suspects.map { $0?.changes.map { $0.pValue ?? 1 } ?? [] }
        var rest = DiscoveryRate.qValues(pValues.flatMap(\.self), testCount: cellCount)[...]
        return pValues.map { own in
            defer { rest = rest.dropFirst(own.count) }
            return rest.prefix(own.count).count { $0 <= rate }
        }
    }

    /// How many cells are tested in so many rows.
    package func cellCount(of rowCount: Int) -> Int { rowCount * columns.places.count { $0 != nil } }

    /// How many cells of the smallest p-value there must be for any to be a discovery at `rate`.
    package func leastDiscoveryCount(cellCount: Int, rate: Double) -> Int? {
        explainer.smallestPValue.map { Int(($0 * Double(cellCount) / rate).rounded(.up)) }
    }

    /// What the row would gain by the best value of each column, nats, and how rare that is.
    func gains(
        of columns: [Int], in state: RowState, using workspace: CompiledModel.Workspace
    ) -> [(column: Int, gain: Double, pValue: Double)] {
        let variables = columns.flatMap { changer.schema.columns[$0].variables }
        var rest = changer.model.gains(of: state.values, variables: variables, using: workspace)[...]
        return columns.map { column in
            let own = rest.prefix(changer.schema.columns[column].variables.count)
            rest = rest.dropFirst(own.count)
            let gain = own.reduce(0) { max($0, $1.gain) }
            return (column, gain, explainer.pValue(of: gain, column: column) ?? 1)
        }
    }
}
