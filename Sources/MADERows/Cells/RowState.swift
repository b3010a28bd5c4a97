internal import MADE

/// A row on its way to another: what it is to the model now.
struct RowState {
    /// Encoded [D].
    var values: [Float]
    /// Of each column that is read: of a column of dates its time, else NaN.
    var seconds: [Double]
    /// log p(x), nats.
    var logLikelihood = 0.0
    /// The statistic that it is judged by, nats.
    var score = 0.0
}

/// Rows of one model, changed column by column.
struct RowChanger {
    let model: CompiledModel
    let schema: RowSchema
    /// How its rows are judged.
    let judgement: Judgement

    /// The row with `value`, a number, in a column that is one variable.
    func state(
        _ state: RowState, with value: Double, in column: Int, using workspace: CompiledModel.Workspace
    ) -> RowState {
        var next = state
        let variable = schema.columns[column].variables.lowerBound
        next.values[variable] = schema.variables[variable].encode(value)
        return scored(next, using: workspace)
    }

    /// The row with another time in a column of dates; times that are counted from it change with it.
    func state(
        _ state: RowState, withTime seconds: Double, in column: Int, using workspace: CompiledModel.Workspace
    ) -> RowState {
        var next = state
        next.seconds[column] = seconds
        let values = schema.columns.map { next.values[$0.variables.lowerBound] }
        let expanded = schema.expand(values, numbers: next.seconds)
        for (index, read) in schema.columns.enumerated() where read.clock != nil {
            guard index == column || read.clock?.since == schema.columns[column].name else { continue }
            next.values.replaceSubrange(read.variables, with: expanded[read.variables])
        }
        return scored(next, using: workspace)
    }

    /// The row with its log-likelihood and its statistic.
    func scored(_ state: RowState, using workspace: CompiledModel.Workspace) -> RowState {
        let scorer = RowScorer(model, judgement: judgement)
        scorer.score(state.values.span, using: workspace)
        var next = state
        (next.logLikelihood, next.score) = (scorer.logLikelihoods[0], scorer.scores[0])
        return next
    }

    /// Whether a row is an anomaly; not where nobody can tell. By the group that it is of as it stands: a change may take it to
    /// another.
    func isAnomaly(_ state: RowState) -> Bool {
        let group = judgement.group(of: state.values.span)
        return judgement.isAnomaly(judgement.pValue(of: state.score, in: group), in: group) ?? false
    }

    /// The best that a change of each of `columns` does to the row, and what that gains, nats.
    func best(
        _ columns: [Int], of state: RowState, using workspace: CompiledModel.Workspace
    ) -> (column: Int, gain: Double, state: RowState)? {
        let variables = columns.flatMap { schema.columns[$0].variables }
        let gains = model.gains(of: state.values, variables: variables, using: workspace)
        let found = Dictionary(uniqueKeysWithValues: gains.map { ($0.variable, $0) })
        var best: (column: Int, gain: Double, state: RowState?)?
        for column in columns {
            let own = schema.columns[column].variables.compactMap { found[$0] }
            guard schema.columns[column].clock == nil else {
                let changed = changed(date: column, of: state, by: own, using: workspace)
                let gain = changed.logLikelihood - state.logLikelihood
                if gain > best?.gain ?? 0 { best = (column, gain, changed) }
                continue
            }
            if own[0].gain > best?.gain ?? 0 { best = (column, own[0].gain, nil) }
        }
        guard let best else { return nil }
        let expected = found[schema.columns[best.column].variables.lowerBound]?.expected ?? .nan
        let next = best.state ?? self.state(state, with: expected, in: best.column, using: workspace)
        return next.logLikelihood > state.logLikelihood ? (best.column, best.gain, next) : nil
    }

    /// The change of those of `columns` that are wrong together, and the row with it, which is no anomaly; nil if there is none that
    /// explains more than changing one column, which gains `singleGain` at most.
    func together(
        _ columns: [Int], of state: RowState, sizeMax: Int, singleGain: Double,
        using workspace: CompiledModel.Workspace
    ) -> (columns: [Int], change: JointChange, state: RowState)? {
        let variables = Set(columns.flatMap { schema.columns[$0].variables }.filter { schema.isNumber($0) })
        guard
            let change = model.jointChange(
                of: state.values, sizeMax: sizeMax, singleGain: singleGain, using: workspace,
                isOpen: variables.contains)
        else { return nil }
        var next = state
        next.values = change.row
        next = scored(next, using: workspace)
        return isAnomaly(next) ? nil : (change.variables.map { schema.columnIndices[$0] }, change, next)
    }

    /// The row with the date of `column` whose parts suit it best: part by part, those of most gain first, or with day and month
    /// exchanged; the row itself where no other date does better.
    private func changed(
        date column: Int, of state: RowState, by gains: [CellGain], using workspace: CompiledModel.Workspace
    ) -> RowState {
        guard let clock = schema.columns[column].clock, !state.seconds[column].isNaN else { return state }
        let first = schema.columns[column].variables.lowerBound
        var best = self.state(
            state, withTime: clock.exchangingDayAndMonth(state.seconds[column]), in: column, using: workspace)
        if best.logLikelihood <= state.logLikelihood { best = state }
        var changed = state
        for gain in gains.sorted(by: { $0.gain > $1.gain }) where gain.gain > 0 {
            let seconds: Double
            if clock.parts[gain.variable - first] == .elapsed {
                let elapsed = schema.variables[gain.variable].decode(changed.values[gain.variable])
                seconds = changed.seconds[column] - elapsed + gain.expected
            } else {
                var parts = schema.columns[column].variables.map { schema.variables[$0].decode(changed.values[$0]) }
                parts[gain.variable - first] = gain.expected
                seconds = clock.nearest(to: changed.seconds[column], values: parts)
            }
            let next = self.state(changed, withTime: seconds, in: column, using: workspace)
            if next.logLikelihood > changed.logLikelihood { changed = next }
        }
        return changed.logLikelihood > best.logLikelihood ? changed : best
    }
}
