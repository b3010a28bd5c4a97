package import MADE

/// Cells of a table that are wrong, few of them by mistake: Benjamini and Hochberg's procedure over all of its cells.
///
/// One wrong value makes others of its row look wrong. Cells of a row are therefore judged one after the other, that of the
/// smallest p-value first, each in the row as it would be with those before it put right.
extension Repairer {
    /// The cells of a row that may turn out to be discoveries at `rate`, in the order in which they are judged, with what would be
    /// right; their p-values never fall. At most as many as may be changed.
    package func suspects(
        in row: SentRow, rate: Double, using workspace: CompiledModel.Workspace
    ) -> [Change] {
        var open = changer.schema.columns.indices.filter { columns.places[$0] != nil }
        // No more than so many of a row's cells are discoveries, so that none has a p-value above this share of the rate.
        let pValueMax = rate * Double(min(options.changesMax, open.count)) / Double(max(open.count, 1))
        var state = changer.scored(RowState(values: row.values, seconds: row.seconds), using: workspace)
        var found: [Change] = []
        while found.count < options.changesMax {
            let cells = gains(of: open, in: state, using: workspace)
            guard let cell = cells.min(by: { ($0.pValue, -$0.gain) < ($1.pValue, -$1.gain) }),
                cell.pValue <= pValueMax, let place = columns.places[cell.column],
                let (_, next) = changer.best([cell.column], of: state, using: workspace)
            else { break }
            found.append(
                Change(
                    column: cell.column, from: row.cells[place], to: self.cell(of: cell.column, in: next),
                    gain: next.logLikelihood - state.logLikelihood,
                    pValue: max(cell.pValue, found.last?.pValue ?? 0)))
            open.removeAll { $0 == cell.column }
            state = next
        }
        return found
    }

    /// How many of each row's suspects, from its first on, are discoveries at `rate` among the cells of all rows, `cellCount`
    /// in number.
    package static func discoveryCounts(_ suspects: [[Change]], cellCount: Int, rate: Double) -> [Int] {
        let pValues = suspects.flatMap { $0.map { $0.pValue ?? 1 } }
        var rest = DiscoveryRate.qValues(pValues, testCount: cellCount)[...]
        return suspects.map { changes in
            defer { rest = rest.dropFirst(changes.count) }
            return rest.prefix(changes.count).count { $0 <= rate }
        }
    }

    /// How many cells are tested in so many rows.
    package func cellCount(of rowCount: Int) -> Int { rowCount * columns.places.count { $0 != nil } }

    /// How many cells of the smallest p-value there must be for any to be a discovery at `rate`.
    package func leastDiscoveryCount(cellCount: Int, rate: Double) -> Int? {
        explainer.smallestPValue.map { Int(($0 * Double(cellCount) / rate).rounded(.up)) }
    }

    /// What becomes of `row` with `changes`, which are its first suspects.
    package func repair(_ row: SentRow, by changes: [Change], using workspace: CompiledModel.Workspace) -> Repair {
        let start = changer.scored(RowState(values: row.values, seconds: row.seconds), using: workspace)
        guard !changes.isEmpty else {
            return Repair(pValues: (pValue(start), pValue(start)), changes: [], isRepaired: nil)
        }
        let end = changes.reduce(start) { state, change in
            changer.best([change.column], of: state, using: workspace)?.state ?? state
        }
        return Repair(pValues: (pValue(start), pValue(end)), changes: changes, isRepaired: true)
    }

    private func gains(
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
