package import MADE

/// What a row would gain if one of its columns were right, and what is right.
package struct CellExplanation: Sendable {
    /// What the other cells of the row make of the column.
    package struct Expectation: Sendable {
        /// Nats; of columns that are wrong together what all of them gain.
        package let gain: Double
        /// How rare such a gain is in the column; nil where the calibration does not tell, and of columns that are wrong together.
        package let pValue: Double?
        /// The value that attains the gain.
        package let value: Double
        package let range: CellRange
    }

    /// The column, and the variable of it that gains most: of a date one of its parts.
    package let column: Int
    let variable: Int
    /// The variable's value, encoded.
    let value: Float
    /// The column's, nats.
    let surprisal: Float
    /// The value is a missing one in a column that lacked none in training.
    let isUnseenMissing: Bool
    /// Nil of a row with values that are not known: it is explained by its surprisals.
    package let expectation: Expectation?
    /// The columns that are wrong together, ascending, this one among them; empty where it is wrong by itself.
    package let together: [Int]
    /// The text of a value that training never saw.
    var unseen: String?
    /// A number as it came: encoded it has lost digits.
    var number: Double?
}

/// Says of rows of one model which cells are wrong, how sure that is, and what would be right.
package struct CellExplainer: Sendable {
    /// Of a text that training never saw.
    private static let quotedBytesMax = 256
    /// Numbers that may be wrong together.
    private static let togetherMax = 6

    private let model: CompiledModel
    private let schema: RowSchema
    private let text: RowText
    private let columnGains: ColumnGains?
    /// What makes a row usual by alpha and statistic where nobody chose any.
    private let changer: RowChanger

    /// For rows of `schema`.
    package init(_ model: CompiledModel, _ schema: RowSchema) {
        self.model = model
        self.schema = schema
        text = RowText(model.card)
        columnGains = model.card.calibration?.gains.map { ColumnGains($0, columns: schema.columns.map(\.variables)) }
        changer = RowChanger(
            model: model, schema: schema,
            judgement: Judgement(model.card.calibration, alpha: Judgement.defaultAlpha))
    }

    /// Whether cells have p-values.
    package var hasPValues: Bool { columnGains != nil }

    /// The smallest p-value that a cell can have; nil where the calibration does not tell.
    package var smallestPValue: Double? { columnGains?.smallestPValue }

    /// The p-value of a column's gain; nil where the calibration does not tell.
    package func pValue(of gain: Double, column: Int) -> Double? { columnGains?.pValue(of: gain, column: column) }

    /// The gain of each column of a row [D], nats, and its p-value; of a row with values that are not known NaN.
    package func gains(
        of row: [Float], using workspace: CompiledModel.Workspace
    ) -> (gains: [Double], pValues: [Double]) {
        guard !row.contains(where: \.isNaN) else {
            let unknown = [Double](repeating: .nan, count: schema.columns.count)
            return (unknown, unknown)
        }
        let found = model.gains(of: row, using: workspace)
        let gains = schema.columns.map { column in column.variables.reduce(0) { max($0, found[$1].gain) } }
        return (gains, gains.enumerated().map { pValue(of: $1, column: $0) ?? .nan })
    }

    /// The `count` columns of a row [D] of largest gain, largest first, of equal ones that of the largest surprisal; columns that
    /// are wrong together have the gain of all of them, and the worst of them comes first. Of a row with values that are not
    /// known those of largest surprisal, the unknown ones aside. `surprisals` are the row's [D].
    private func largest(
        _ count: Int, of row: [Float], surprisals: some RandomAccessCollection<Float>,
        using workspace: CompiledModel.Workspace
    ) -> [CellExplanation] {
        let columns = schema.columns
        let sums = schema.sums(surprisals)
        let isComplete = !row.contains(where: \.isNaN)
        let gains = isComplete ? model.gains(of: row, using: workspace) : []
        let best = columns.map { column in
            isComplete
                ? column.variables.max { gains[$0].gain < gains[$1].gain } ?? column.variables.lowerBound
                : column.variables.lowerBound
        }
        let joint = isComplete ? together(in: row, gains, workspace) : nil
        let together = joint?.columns ?? []
        let keys = columns.indices.map { isComplete ? gains[best[$0]].gain : Double(sums[$0]) }
        let order =
            together
            + columns.indices.filter { !sums[$0].isNaN && !together.contains($0) }
            .sorted { (keys[$0], sums[$0], $1) > (keys[$1], sums[$1], $0) }
        return order.prefix(count).map { column in
            let variable = best[column]
            let first = columns[column].variables.lowerBound
            let isJoint = together.contains(column)
            let expected =
                isJoint
                ? joint.map { expectation(of: variable, $0.change, workspace) }
                : isComplete ? expectation(of: variable, column, gains[variable], row, workspace) : nil
            return CellExplanation(
                column: column, variable: variable, value: row[variable], surprisal: sums[column],
                isUnseenMissing: !schema.variables[first].hasMissing
                    && row[first] == schema.variables[first].valueOfMissing,
                expectation: expected, together: isJoint ? together.sorted() : [])
        }
    }

    /// The numbers that are wrong together in a row [D] of these `gains`: where it is an anomaly whatever one value is, and none
    /// with all of them right.
    private func together(
        in row: [Float], _ gains: [CellGain], _ workspace: CompiledModel.Workspace
    ) -> (columns: [Int], change: JointChange)? {
        guard let most = gains.max(by: { $0.gain < $1.gain }) else { return nil }
        let start = RowState(values: row, seconds: [])
        var changed = start
        changed.values[most.variable] = schema.variables[most.variable].encode(most.expected)
        guard changer.isAnomaly(changer.scored(changed, using: workspace)) else { return nil }
        return changer.together(
            Array(schema.columns.indices), of: start, sizeMax: Self.togetherMax, singleGain: most.gain,
            using: workspace
        ).map { ($0.columns, $0.change) }
    }

    /// Of a variable among others that are wrong with it.
    private func expectation(
        of variable: Int, _ joint: JointChange, _ workspace: CompiledModel.Workspace
    ) -> CellExplanation.Expectation {
        CellExplanation.Expectation(
            gain: joint.gain, pValue: nil, value: schema.variables[variable].decode(joint.row[variable]),
            range: CellRange(
                model.fullConditional(of: variable, in: joint.row, using: workspace), of: schema.variables[variable]))
    }

    private func expectation(
        of variable: Int, _ column: Int, _ gain: CellGain, _ row: [Float], _ workspace: CompiledModel.Workspace
    ) -> CellExplanation.Expectation {
        CellExplanation.Expectation(
            gain: gain.gain, pValue: pValue(of: gain.gain, column: column), value: gain.expected,
            range: CellRange(
                model.fullConditional(of: variable, in: row, using: workspace), of: schema.variables[variable]))
    }

    /// The same of a row whose cells came as `cells`, one a column, of which texts that training never saw and numbers are quoted.
    package func largest(
        _ count: Int, of row: [Float], cells: [SentCell], surprisals: some RandomAccessCollection<Float>,
        using workspace: CompiledModel.Workspace
    ) -> [CellExplanation] {
        largest(count, of: row, surprisals: surprisals, using: workspace).map { cell in
            let text = cells[cell.column].plainText
            guard !text.isEmpty, !schema.missingTexts[cell.column].contains(text) else { return cell }
            var cell = cell
            if schema.columns[cell.column].isReal {
                cell.number = Double(text)
            } else if !schema.variables[cell.variable].isReal, cell.value == Variable.unseenValue {
                cell.unseen = text.cut(utf8Count: Self.quotedBytesMax)
            }
            return cell
        }
    }

    /// Writes an element of a row's explanations.
    package func write(_ cell: CellExplanation, to json: inout JSONWriter) {
        let unseen = cell.unseen
        let read = schema.columns[cell.column]
        json.beginObject()
        json.member("variable", read.name)
        if let part = schema.part(cell.variable) { json.member("part", part.rawValue) }
        if let unseen {
            json.member("value", unseen)
        } else {
            json.key("value")
            text.write(number(cell) ?? .nan, of: cell.variable, to: &json)
        }
        if let expectation = cell.expectation {
            json.member("gain", expectation.gain)
            if let pValue = expectation.pValue { json.member("p_value", pValue) }
            json.key("expected")
            text.write(expectation.value, of: cell.variable, to: &json)
            json.key("range")
            expectation.range.write(of: cell.variable, text, to: &json)
        }
        if !cell.together.isEmpty {
            json.key("together")
            json.beginArray()
            for column in cell.together { json.string(schema.columns[column].name) }
            json.endArray()
        }
        json.key("surprisal")
        json.number(cell.surprisal)
        if unseen != nil || cell.isUnseenMissing { json.member("unseen", true) }
        if let unseen, let nearest = read.nearestValue(to: unseen) { json.member("nearest", nearest) }
        json.endObject()
    }

    /// The same in short, for a person: `z=31.8 (expected 3.18)`, or `x=0 (expected 6.62 together with y and z)`.
    package func summary(of cell: CellExplanation) -> String {
        let name = ([schema.columns[cell.column].name] + (schema.part(cell.variable).map { [$0.rawValue] } ?? []))
            .joined(separator: " ")
        let value = cell.unseen ?? number(cell).map { plainText($0, of: cell.variable) } ?? ""
        let others = cell.together.filter { $0 != cell.column }.map { schema.columns[$0].name }
        let together = others.isEmpty ? "" : " together with " + others.joined(separator: " and ")
        return "\(name)=\(value)"
            + (cell.expectation.map { " (expected \(plainText($0.value, of: cell.variable))\(together))" } ?? "")
    }

    /// The same as a value.
    func column(_ cell: CellExplanation) -> ColumnExplanation {
        func value(_ number: Double) -> TableCell { text.tableCell(number, of: cell.variable) }
        let expected = cell.expectation
        return ColumnExplanation(
            column: schema.columns[cell.column].name, part: schema.part(cell.variable)?.rawValue,
            value: cell.unseen.map(TableCell.text) ?? value(number(cell) ?? .nan), gain: expected?.gain,
            pValue: expected?.pValue, expected: expected.map { value($0.value) },
            range: expected.map { $0.range.expectation(value) },
            together: cell.together.map { schema.columns[$0].name }, surprisal: Double(cell.surprisal),
            isUnseen: cell.unseen != nil || cell.isUnseenMissing)
    }

    private func plainText(_ value: Double, of variable: Int) -> String {
        text.cell(value, of: variable, in: .csv).plainText
    }

    /// The cell's value; nil where it is missing, or one that training never saw.
    private func number(_ cell: CellExplanation) -> Double? {
        let variable = schema.variables[cell.variable]
        let isValue = !cell.isUnseenMissing && !variable.isMissing(cell.value)
        return isValue ? cell.number ?? variable.decode(cell.value) : nil
    }
}

extension String {
    /// As many whole characters from its start as take no more bytes of UTF-8.
    fileprivate func cut(utf8Count bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var end = utf8.index(startIndex, offsetBy: bytesMax)
        while end.samePosition(in: self) == nil { utf8.formIndex(before: &end) }
        return String(self[..<end])
    }
}
