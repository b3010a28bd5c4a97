internal import CRows
internal import MADE

extension SchemaInference {
    /// The variables of the columns so far.
    struct Found {
        var kinds: [TableSchema.Kind] = []
        var values: [[Double]] = []
        var facts: [ColumnFacts] = []
        /// The first column of dates, which times of others are told from.
        var base: (name: String, seconds: [Double])?

        mutating func add(_ kind: TableSchema.Kind, _ values: [Double], _ facts: ColumnFacts) {
            kinds.append(kind)
            self.values.append(values)
            self.facts.append(facts)
        }
    }

    /// Adds the parts of a column of dates; one of which nothing comes back is left out.
    func add(
        _ inference: ClockInference, _ shape: ColumnShape, _ values: [Double], _ decision: inout Decision,
        to found: inout Found
    ) throws(TableError) {
        let seconds = try resolve(values, of: shape, as: inference, decision.column)
        guard let (clock, parts) = inference.clock(seconds, base: found.base) else {
            if shape.choice != nil { throw TableError(path: path, column: shape.name, problem: .datesAlike) }
            decision.column = Schema.Column(name: shape.name)
            decision.column.leftOut = .date
            return
        }
        decision.column.clock = clock
        decision.column.missingRowCount = seconds.count(where: \.isNaN)
        if found.base == nil, clock.parts != [.time] { found.base = (shape.name, seconds) }
        for (part, values) in zip(clock.parts, parts) {
            var fact = ColumnFacts()
            fact.remarks = [.part(part, of: shape.name, form: clock.form)] + decision.remarks
            decision.remarks = []
            fact.missingCount = values.count(where: \.isNaN)
            found.add(Self.kind(of: part, values, &fact), values, fact)
        }
    }

    private static func kind(of part: Clock.Part, _ values: [Double], _ facts: inout ColumnFacts) -> TableSchema.Kind {
        let labels = part.labels
        if labels.isEmpty {
            guard facts.missingCount < values.count else { return .real(step: 1, resolution: 1) }
            facts.range = range(values)
            let found = StepInference(made_table_column_facts(of: values), values: values)
            return .real(step: found.step, resolution: found.resolution)
        }
        var counts = [Int](repeating: 0, count: labels.count)
        for value in values where !value.isNaN { counts[Int(value)] += 1 }
        return .categorical(Categories(labels: labels, rowCounts: counts))
    }

    /// Seconds since 1970 of the cells of a column of dates, read as every cell of the column will be.
    private func resolve(
        _ values: [Double], of shape: ColumnShape, as inference: ClockInference, _ column: Schema.Column
    ) throws(TableError) -> [Double] {
        var column = column
        column.clock = Clock(form: inference.form, parts: [.time])
        let own = TableSchema(
            columns: [TableSchema.Column(name: shape.name, kind: .real(step: nil))], table: Schema(columns: [column]))
        let reader = try own.rowSchema(path: path)
        return try resolve(
            values, of: shape, by: reader, missingNumbers: shape.missingNumbers,
            objection: { .cellNotDate(text: $0) }, number: inference.seconds)
    }
}
