package import MADE

/// Finds the fewest changes after which a row is no anomaly, greedily by what it gains.
package struct Repairer: Sendable {
    /// The choices of whoever asks.
    package struct Options: Sendable, Equatable {
        /// Most changes of a row.
        package var changesMax = 3

        package init() {}
    }

    /// One cell that was changed.
    package struct Change: Sendable, Equatable {
        /// Among the columns that are read.
        package let column: Int
        package let from: SentCell
        package let to: SentCell
        /// What the row's log-likelihood rises by with this change on top of those before it, nats; with all of them where they are
        /// changes of columns that are wrong together.
        package let gain: Double
        /// The column's, before the change; nil where the calibration does not tell, and of columns that are wrong together.
        package let pValue: Double?
    }

    /// What becomes of a row.
    package struct Repair: Sendable {
        /// Of the row as it came and with the changes.
        package let pValues: (before: Double, after: Double)
        /// In the order in which they were found; none of a row that is no anomaly.
        package let changes: [Change]
        /// Whether the changes make it no anomaly; nil of a row that is none.
        package let isRepaired: Bool?
    }

    let changer: RowChanger
    let explainer: CellExplainer
    private let text: RowText
    private let calibration: Calibration
    private let judgement: Judgement
    let columns: SentColumns
    private let format: LineFormat
    let options: Options

    /// For rows of `columns` that are written in `format`; nil where `judgement` judges no row.
    package init?(
        _ model: CompiledModel, _ columns: SentColumns, _ judgement: Judgement, format: LineFormat,
        options: Options = Options()
    ) {
        guard judgement.canJudge, let calibration = judgement.calibration else { return nil }
        changer = RowChanger(model: model, schema: columns.schema, judgement: judgement)
        explainer = CellExplainer(model, columns.schema)
        text = RowText(model.card)
        self.calibration = calibration
        self.judgement = judgement
        self.columns = columns
        self.format = format
        self.options = options
    }

    /// By the group that the row is of as it stands: a change may take it to another.
    func pValue(_ state: RowState) -> Double {
        calibration.pValue(
            of: state.score, by: judgement.statistic, in: calibration.group(of: state.values.span))
    }

    private func isAnomaly(_ state: RowState) -> Bool { changer.isAnomaly(state) }

    /// Whether cells have p-values.
    package var hasPValues: Bool { explainer.hasPValues }

    /// What becomes of `row`.
    package func repair(_ row: SentRow, using workspace: CompiledModel.Workspace) -> Repair {
        let start = changer.scored(RowState(values: row.values, seconds: row.seconds), using: workspace)
        let before = pValue(start)
        guard isAnomaly(start) else { return Repair(pValues: (before, before), changes: [], isRepaired: nil) }
        // Each change is a column, and what it has instead.
        var changed: [Int] = []
        var areTogether = false
        var state = start
        while isAnomaly(state), changed.count < options.changesMax {
            let open = changer.schema.columns.indices.filter { !changed.contains($0) && columns.places[$0] != nil }
            let next = changer.best(open, of: state, using: workspace)
            if changed.isEmpty, next.map({ isAnomaly($0.state) }) ?? true,
                let joint = changer.together(
                    open, of: start, sizeMax: options.changesMax, singleGain: next?.gain ?? 0, using: workspace)
            {
                (changed, state) = (joint.columns, joint.state)
                areTogether = true
                break
            }
            guard let next else { break }
            changed.append(next.column)
            state = settled(next.state, changed.dropLast(), using: workspace)
        }
        let isRepaired = !isAnomaly(state)
        if isRepaired { changed = needed(changed, of: state, start, using: workspace) }
        let (changes, end) =
            areTogether && changed.count > 1
            ? together(changed, from: start, to: state, row, using: workspace)
            : changes(changed, from: start, to: state, row, using: workspace)
        return Repair(
            pValues: (before, pValue(end)), changes: changes, isRepaired: isRepaired)
    }

    /// The row with what suits it best in `columns`, which were changed before the last one was.
    private func settled(
        _ state: RowState, _ columns: ArraySlice<Int>, using workspace: CompiledModel.Workspace
    ) -> RowState {
        var state = state
        for column in columns {
            if let next = changer.best([column], of: state, using: workspace) { state = next.state }
        }
        return state
    }

    /// Those of `changed` without which the row would be an anomaly still: what came first may have been a detour.
    private func needed(
        _ changed: [Int], of state: RowState, _ start: RowState, using workspace: CompiledModel.Workspace
    ) -> [Int] {
        var kept = changed
        for column in changed where kept.count > 1 {
            let fewer = kept.filter { $0 != column }
            let end = fewer.reduce(start) { taking($1, of: state, into: $0, using: workspace) }
            if !isAnomaly(end) { kept = fewer }
        }
        return kept
    }

    /// `state` with what `other` has in a column.
    private func taking(
        _ column: Int, of other: RowState, into state: RowState, using workspace: CompiledModel.Workspace
    ) -> RowState {
        let read = changer.schema.columns[column]
        guard read.clock == nil else {
            return changer.state(state, withTime: other.seconds[column], in: column, using: workspace)
        }
        let variable = read.variables.lowerBound
        return changer.state(
            state, with: changer.schema.variables[variable].decode(other.values[variable]), in: column, using: workspace
        )
    }

    /// The changes of `changed` columns one on top of the other, and the row with all of them.
    private func changes(
        _ changed: [Int], from start: RowState, to end: RowState, _ row: SentRow,
        using workspace: CompiledModel.Workspace
    ) -> ([Change], RowState) {
        var state = start
        var changes: [Change] = []
        for column in changed {
            guard let place = columns.places[column] else { continue }
            let next = taking(column, of: end, into: state, using: workspace)
            changes.append(
                Change(
                    column: column, from: row.cells[place], to: cell(of: column, in: end),
                    gain: next.logLikelihood - state.logLikelihood,
                    pValue: pValue(of: column, in: state, using: workspace)))
            state = next
        }
        return (changes, state)
    }

    /// The changes of `changed` columns that are wrong together, and the row with all of them.
    private func together(
        _ changed: [Int], from start: RowState, to other: RowState, _ row: SentRow,
        using workspace: CompiledModel.Workspace
    ) -> ([Change], RowState) {
        let end = changed.reduce(start) { taking($1, of: other, into: $0, using: workspace) }
        let changes = changed.compactMap { column in
            columns.places[column].map { place in
                Change(
                    column: column, from: row.cells[place], to: cell(of: column, in: end),
                    gain: end.logLikelihood - start.logLikelihood, pValue: nil)
            }
        }
        return (changes, end)
    }

    private func pValue(of column: Int, in state: RowState, using workspace: CompiledModel.Workspace) -> Double? {
        explainer.hasPValues ? gains(of: [column], in: state, using: workspace)[0].pValue : nil
    }

    func cell(of column: Int, in state: RowState) -> SentCell {
        let read = changer.schema.columns[column]
        if let clock = read.clock { return clock.cell(state.seconds[column], in: format) }
        let variable = read.variables.lowerBound
        return text.cell(changer.schema.variables[variable].decode(state.values[variable]), of: variable, in: format)
    }
}

extension SentColumns {
    /// The cells of `row` with `changes` made.
    package func row(_ row: SentRow, with changes: [Repairer.Change]) -> [SentCell] {
        var cells = row.cells
        for change in changes {
            if let place = places[change.column] { cells[place] = change.to }
        }
        return cells
    }
}
