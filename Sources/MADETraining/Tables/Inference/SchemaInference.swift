internal import CRowScanner
internal import MADE

/// Finds out what the columns of a table hold, in the one pass in which it is read.
struct SchemaInference {
    /// One column of the file while it is decided on.
    private struct Column {
        let name: String
        let choice: SchemaOptions.Choice?
        let texts: [TableScanner.Text]
        let numbers: made_table_numbers
        /// Texts of it that stand for a missing value.
        var missing: Set<String> = []

        /// Texts that stand for a value.
        var present: [TableScanner.Text] { texts.filter { !missing.contains($0.text) } }
        /// Of those the ones that are no number.
        var labels: [TableScanner.Text] { present.filter { $0.number == nil } }
        var numberRowCount: Int { numbers.count + texts.reduce(0) { $0 + ($1.number == nil ? 0 : $1.count) } }
    }

    private let options: SchemaOptions
    private let path: String

    private init(path: String, options: SchemaOptions) {
        self.path = path
        self.options = options
    }

    /// Reads the table at `path` and decides on its columns.
    ///
    /// - Throws: `TableError`, also where a column is not what it was chosen to be, or cannot be modelled.
    static func run(path: String, options: SchemaOptions) throws(TableError) -> InferredTable {
        var scanner = try TableScanner(path: path)
        for name in options.choices.keys.sorted() where !scanner.columns.contains(name) {
            throw TableError(path: path, line: 1, column: name, problem: .columnMissing(present: scanner.columns))
        }
        let kept = scanner.columns.indices.filter { options.choices[scanner.columns[$0]] != .drop }
        guard !kept.isEmpty else { throw TableError(path: path, problem: .allDropped) }
        var uses = scanner.columns.map { _ in TableScanner.Use.skipped }
        for (target, place) in kept.enumerated() {
            uses[place] = TableScanner.Use(cells: cells(options.choices[scanner.columns[place]]), target: target)
        }
        try scanner.start(uses)
        var values = try readAll(&scanner, columnCount: kept.count)
        guard !values.isEmpty else { throw TableError(path: path, problem: .noRows) }
        let inference = SchemaInference(path: path, options: options)
        let columns = kept.map { place in
            let name = scanner.columns[place]
            return Column(
                name: name, choice: options.choices[name], texts: scanner.texts(column: place),
                numbers: scanner.numbers(column: place))
        }
        let names = scanner.columns.indices.filter { !kept.contains($0) }.map { scanner.columns[$0] }
        return try inference.decide(columns, &values, dropped: names)
    }

    private static func cells(_ choice: SchemaOptions.Choice?) -> made_cell_use {
        switch choice {
        case .drop: MADE_CELL_SKIPPED
        case .binary, .categorical, .exactly(.binary), .exactly(.categorical): MADE_CELL_TEXT
        case .real, .exactly(.real): MADE_CELL_NUMBER
        case nil: MADE_CELL_ANY
        }
    }

    /// All rows; memory for those of a file is reserved after the first, so that the matrix is not moved as it grows.
    private static func readAll(_ scanner: inout TableScanner, columnCount: Int) throws(TableError) -> [Float] {
        let pieceRows = 4096
        var values: [Float] = []
        while true {
            let piece = try scanner.read(rowsMax: pieceRows, into: &values)
            if let fault = piece.fault { throw fault }
            guard piece.rowCount == pieceRows else { return values }
            if values.count == pieceRows * columnCount, let bytes = scanner.byteCount {
                let rows = Double(bytes) / Double(scanner.rowBytes) * Double(pieceRows)
                // Room that nothing is written to costs no memory.
                values.reserveCapacity((Int(rows * 1.1) + pieceRows) * columnCount)
            }
        }
    }

    private func decide(
        _ columns: [Column], _ values: inout [Float], dropped: [String]
    ) throws(TableError) -> InferredTable {
        let columns = markMissing(columns)
        let (kinds, facts) = try kinds(of: columns)
        var textValues: [[Float]] = []
        for (column, kind) in zip(columns, kinds) { textValues.append(try self.values(of: column, as: kind)) }
        TableScanner.resolve(&values, textValues)
        var schema: [TableSchema.Column] = []
        var allFacts: [ColumnFacts] = []
        for (index, column) in columns.enumerated() {
            let (kind, facts) = finish(
                column, kinds[index], facts[index], values: values, column: index, columnCount: columns.count)
            schema.append(TableSchema.Column(name: column.name, kind: kind))
            allFacts.append(facts)
        }
        let missingTexts = columns.flatMap { column in
            column.texts.map(\.text).filter(column.missing.contains)
        }
        return InferredTable(
            table: Table(columns: columns.map(\.name), values: values, path: path),
            schema: TableSchema(columns: schema), facts: allFacts, dropped: dropped,
            missingTexts: Set(missingTexts).sorted())
    }

    /// The columns with their texts for missing values: a column of numbers teaches the others.
    private func markMissing(_ columns: [Column]) -> [Column] {
        var missing = MissingTexts(options.missingTexts)
        let areNumbers = columns.map { column in
            switch column.choice {
            case .real, .binary, .exactly(.real), .exactly(.binary): true
            case .categorical, .exactly(.categorical), .drop: false
            case nil:
                column.texts.allSatisfy { $0.number != nil || missing.amongNumbers.contains($0.text) }
            }
        }
        for (column, isNumbers) in zip(columns, areNumbers) where isNumbers {
            missing.learn(column.texts.lazy.filter { $0.number == nil }.map(\.text))
        }
        return zip(columns, areNumbers).map { column, isNumbers in
            var column = column
            column.missing = isNumbers ? missing.amongNumbers : missing.everywhere
            if case .exactly(.categorical(let categories)) = column.choice {
                column.missing.subtract(categories.labels)
            }
            return column
        }
    }

    /// What each column is, all steps still nil.
    private func kinds(of columns: [Column]) throws(TableError) -> ([TableSchema.Kind], [ColumnFacts]) {
        var kinds: [TableSchema.Kind] = []
        var facts: [ColumnFacts] = []
        var identifiers: [String] = []
        for column in columns {
            var fact = ColumnFacts()
            if case .exactly(let kind) = column.choice {
                kinds.append(kind)
            } else if column.present.isEmpty && column.numbers.count == 0 {
                throw TableError(path: path, column: column.name, problem: .columnEmpty)
            } else if try isLabels(column) {
                let categories = LabelInference(column.present, options: options)
                if categories.isIdentifier { identifiers.append(column.name) }
                fact.remarks = categories.remarks
                kinds.append(.categorical(categories.categories))
            } else {
                kinds.append(isBinary(column) ? .binary : .real(step: nil))
            }
            facts.append(fact)
        }
        guard identifiers.isEmpty else { throw TableError(path: path, problem: .identifiers(columns: identifiers)) }
        return (kinds, facts)
    }

    /// Whether the column is one of labels; nothing is a label in a column that is one of numbers but for a few cells.
    private func isLabels(_ column: Column) throws(TableError) -> Bool {
        if column.choice == .categorical { return true }
        guard column.choice == nil, let first = column.labels.first else { return false }
        let numberTextCount = column.texts.count { $0.number != nil }
        let labelRowCount = column.labels.reduce(0) { $0 + $1.count }
        if column.numbers.count > 0 || (numberTextCount >= 20 && column.numberRowCount >= 10 * labelRowCount) {
            throw TableError(
                path: path, line: first.line, column: column.name, problem: .cellNotNumber(text: first.text))
        }
        return true
    }

    /// Whether a column of numbers holds nothing but 0 and 1.
    private func isBinary(_ column: Column) -> Bool {
        if column.choice == .binary { return true }
        return column.choice == nil && column.numbers.count == 0
            && column.texts.allSatisfy { $0.number == nil || $0.number == 0 || $0.number == 1 }
    }

    /// The value that each text of `column` stands for.
    private func values(of column: Column, as kind: TableSchema.Kind) throws(TableError) -> [Float] {
        let reading = TextReading(kind, missing: column.missing)
        var values: [Float] = []
        for text in column.texts {
            do {
                values.append(try reading.value(of: text))
            } catch {
                throw TableError(path: path, line: text.line, column: column.name, problem: error.problem)
            }
        }
        return values
    }

    /// What the values of a column tell besides.
    private func finish(
        _ column: Column, _ kind: TableSchema.Kind, _ facts: ColumnFacts, values: [Float], column index: Int,
        columnCount: Int
    ) -> (TableSchema.Kind, ColumnFacts) {
        var kind = kind
        var facts = facts
        var rowCounts: [Int] = []
        if case .categorical(let categories) = kind { rowCounts = Array(repeating: 0, count: categories.labels.count) }
        for place in stride(from: index, to: values.count, by: columnCount) {
            let value = values[place]
            if value.isNaN { facts.missingCount += 1 } else if !rowCounts.isEmpty { rowCounts[Int(value)] += 1 }
        }
        facts.labelRowCounts = rowCounts
        let numbers = column.numbers
        let hasNumbers = facts.missingCount < values.count / columnCount
        switch kind {
        case .categorical: if rowCounts.count(where: { $0 > 0 }) == 1 { facts.remarks.append(.constant) }
        case .binary: if numbers.minimum == numbers.maximum { facts.remarks.append(.constant) }
        case .real where hasNumbers:
            let found = StepInference(numbers, values: values, column: index, columnCount: columnCount)
            if case .exactly = column.choice {} else { kind = .real(step: found.step) }
            facts.range = numbers.minimum...numbers.maximum
            if numbers.minimum == numbers.maximum {
                facts.remarks.append(.constant)
            } else if found.distinctCount <= 10 && numbers.is_decimal && numbers.decimals == 0 {
                facts.remarks.append(.fewNumbers(count: found.distinctCount))
            }
            if let loss = found.loss { facts.remarks.append(.imprecise(loss: loss)) }
        case .real: break
        }
        return (kind, facts)
    }
}
