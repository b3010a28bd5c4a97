internal import CRows
internal import MADE

/// Finds out what the columns of a table hold, in the one pass in which it is read.
///
/// Where only a sample of the rows is kept, what a column is and how it is written follows from all rows: no row that was
/// read is one that the model could not read. Labels with their counts, shares of missing values and whatever else comes
/// back in the model is that of the kept rows.
struct SchemaInference {
    /// What a column was decided to be.
    struct Decision {
        /// Nil for a column that is left out, and for dates.
        var kind: TableSchema.Kind?
        /// Of dates and times.
        var clock: ClockInference?
        var column: Schema.Column
        var remarks: [ColumnFacts.Remark] = []
    }

    private let options: SchemaOptions
    let path: String
    /// What reads standard input in the pipes that are advised; nil: nothing that is known.
    private let command: String?

    /// Reads the table at `path` and decides on its columns.
    ///
    /// - Throws: `TableError`, where it is no table, or a column is not what it was chosen to be.
    static func run(path: String, options: SchemaOptions, command: String?) throws(TableError) -> InferredTable {
        try run(
            TableScanner(
                path: path, header: options.header, limit: options.rowLimit, seed: options.seed, command: command),
            options, command: command)
    }

    static func run(
        _ scanner: TableScanner, _ options: SchemaOptions, command: String? = nil
    ) throws(TableError) -> InferredTable {
        let path = scanner.path
        for (name, choice) in options.choices {
            try scanner.use(name, as: cells(choice), form: choice.numberForm, order: choice.dateOrder)
        }
        try scanner.readAll()
        let names = scanner.columns
        for name in options.choices.keys.sorted() where !names.contains(name) {
            throw TableError(
                path: path, line: scanner.format == .csv ? 1 : nil, column: name,
                problem: .columnMissing(present: names))
        }
        let malformed = scanner.malformed
        if malformed.count > scanner.rows.rowCount, let first = malformed.first.first {
            throw TableError(
                path: path, line: first.line, problem: .ragged(found: first.cells, expected: names.count))
        }
        guard scanner.rows.rowCount > 0 else { throw TableError(path: path, problem: .noRows) }
        return try SchemaInference(options: options, path: path, command: command).decide(scanner)
    }

    private static func cells(_ choice: SchemaOptions.Choice) -> made_cell_use {
        switch choice {
        case .drop: MADE_CELL_SKIPPED
        case .date(form: "seconds"?), .date(form: "milliseconds"?): MADE_CELL_NUMBER
        case .date: MADE_CELL_DATE
        case .binary, .categorical, .exactly(.binary, _), .exactly(.categorical, _): MADE_CELL_TEXT
        case .real, .exactly(.real, _): MADE_CELL_NUMBER
        }
    }

    private func decide(_ scanner: TableScanner) throws(TableError) -> InferredTable {
        let names = scanner.columns
        let shapes = markMissing(
            names.indices.map { index in
                ColumnShape(
                    name: names[index], choice: options.choices[names[index]], texts: scanner.texts(column: index),
                    facts: scanner.facts(column: index), form: scanner.form(column: index),
                    isSampled: scanner.rows.isSampled, dateOrder: scanner.dateOrder(column: index))
            })
        let values = scanner.rows.columns
        var columns: [Schema.Column] = []
        var found = Found()
        for (index, shape) in shapes.enumerated() {
            var decision = try decide(shape, values[index], readRowCount: scanner.rows.rowCount)
            if let clock = decision.clock {
                try add(clock, shape, values[index], &decision, to: &found)
            } else if var kind = decision.kind {
                let resolved = try resolve(values[index], of: shape, as: kind, decision.column)
                var fact = ColumnFacts()
                fact.remarks = decision.remarks
                kind = finish(kind, shape, resolved, &fact)
                decision.column.missingRowCount = fact.missingCount
                found.add(kind, resolved, fact)
            }
            columns.append(decision.column)
        }
        guard !found.kinds.isEmpty else {
            let leftOut = Schema(columns: columns).leftOutColumns(isSampled: scanner.rows.isSampled)
            throw TableError(path: path, problem: .allDropped(leftOut, advice: separatorAdvice(scanner)))
        }
        let schema = Schema(columns: columns, hasHeader: scanner.format == .ndjson || scanner.hasHeader)
        let kept = zip(schema.variableNames, found.kinds).map { TableSchema.Column(name: $0, kind: $1) }
        return InferredTable(
            table: Table(columns: kept.map(\.name), values: found.values, path: path),
            readRowCount: scanner.rows.rowCount,
            schema: TableSchema(columns: kept, table: schema), facts: found.facts, remarks: remarks(scanner))
    }

    private func remarks(_ scanner: TableScanner) -> [String] {
        var remarks = scanner.remarks
        if scanner.format == .csv {
            if scanner.separator != "," {
                let name = scanner.separator == "\t" ? "tabs" : "\"\(scanner.separator)\""
                remarks.append("cells are separated by \(name)")
            }
            if let advice = separatorAdvice(scanner) { remarks.append(advice) }
            if !scanner.hasHeader {
                remarks.append("the first line is a row, columns are named column_1, column_2 …")
            }
        }
        let malformed = scanner.malformed
        if malformed.count > 0 {
            let lines = malformed.first.map { "\($0.line)" }.joined(separator: ", ")
            let more = malformed.count > malformed.first.count ? ", …" : ""
            let reason =
                malformed.first.allSatisfy { $0.cells > 0 }
                ? "having more or fewer cells than the first"
                : scanner.format == .csv
                    ? "having more or fewer cells than the first, or text behind a closing quote"
                    : "being no JSON, or arrays of more or fewer values than the first"
            remarks.append(
                "\(malformed.count) line\(malformed.count == 1 ? " is no row and was" : "s are no rows and were") passed "
                    + "over, \(reason): line\(malformed.count == 1 ? "" : "s") \(lines)\(more)"
            )
        }
        return remarks
    }

    /// What to do where there is but one column, and each of its cells has as many parts between blanks, or another character
    /// that may separate cells, as its name.
    private func separatorAdvice(_ scanner: TableScanner) -> String? {
        guard scanner.format == .csv, scanner.columns.count == 1, let name = scanner.columns.first else { return nil }
        let texts = scanner.texts(column: 0)
        for (separator, word, shell) in Self.separators {
            let parts = { (text: String) in text.split { $0 == separator || $0 == "\t" && separator == " " }.count }
            let count = scanner.hasHeader ? parts(name) : texts.first.map { parts($0.text) } ?? 0
            guard count > 1, !texts.isEmpty, texts.allSatisfy({ parts($0.text) == count }) else { continue }
            return "one column was found; if \(word) separate the cells, put commas in their place: "
                + "tr\(separator == " " ? " -s" : "") '\(shell)' ',' < TABLE" + (command.map { " | \($0)" } ?? "")
        }
        return nil
    }

    /// Characters besides those that are told apart, what they are called, and how `tr` takes them.
    private static let separators: [(Character, word: String, shell: String)] = [
        ("\u{1}", "control-A characters", "\\001"), ("\u{1f}", "unit separators", "\\037"), ("^", "carets", "^"),
        ("~", "tildes", "~"), (":", "colons", ":"), (" ", "blanks", " "),
    ]

    /// The columns with their texts for missing values: a column of numbers teaches the others.
    private func markMissing(_ shapes: [ColumnShape]) -> [ColumnShape] {
        var missing = MissingTexts(options.missingTexts)
        let areNumbers = shapes.map { shape in
            switch shape.choice {
            case .real, .binary, .date, .exactly(.real, _), .exactly(.binary, _): return true
            case .categorical, .exactly(.categorical, _), .drop: return false
            case nil:
                let words = shape.texts.filter { $0.number == nil && !missing.amongNumbers.contains($0.text) }
                return words.isEmpty && shape.numberRowCount > 0 || shape.isMostlyNumbers
            }
        }
        for (shape, isNumbers) in zip(shapes, areNumbers) where isNumbers {
            missing.learn(shape.texts.lazy.filter { $0.number == nil }.map(\.text))
        }
        return zip(shapes, areNumbers).map { shape, isNumbers in
            var shape = shape
            shape.missing = isNumbers ? missing.amongNumbers : missing.everywhere
            if case .exactly(let kind, let column) = shape.choice {
                shape.missing = Set(column.missingTexts).union(missing.everywhere)
                if case .categorical(let categories) = kind {
                    shape.missing.subtract(categories.labels + categories.rareLabels)
                }
            }
            if isNumbers {
                // Of a number that stands for a missing value every spelling does.
                let numbers = shape.missingNumbers
                let spellings =
                    numbers.isEmpty ? [] : shape.texts.filter { $0.number.map { numbers[$0] != nil } ?? false }
                shape.missing.formUnion(spellings.map(\.text))
            }
            return shape
        }
    }

    /// What a column is, its step still unknown.
    private func decide(
        _ shape: ColumnShape, _ values: [Double], readRowCount: Int
    ) throws(TableError) -> Decision {
        var decision = Decision(column: Schema.Column(name: shape.name))
        decision.column.numberForm = shape.form
        decision.column.missingTexts = missingTexts(shape, values)
        func leaveOut(_ reason: Schema.LeftOut) -> Decision {
            var decision = decision
            decision.column = Schema.Column(name: shape.name)
            decision.column.leftOut = reason
            return decision
        }
        switch shape.choice {
        case .drop: return leaveOut(.asked)
        case .exactly(let kind, let column):
            decision.column.truthTexts = column.truthTexts
            decision.column.labelsAreNumbers = column.labelsAreNumbers
            decision.column.missingTexts = Set(decision.column.missingTexts + column.missingTexts).sorted()
            decision.kind = counted(kind, shape, areNumbers: column.labelsAreNumbers)
            return decision
        case .categorical, .binary, .real, .date:
            guard shape.presentRowCount > 0 else {
                throw TableError(path: path, column: shape.name, problem: .columnEmpty)
            }
            guard shape.hasValue(values) else {
                throw TableError(
                    path: path, column: shape.name,
                    problem: .columnUnsampled(kept: values.count, read: readRowCount))
            }
        case nil:
            if shape.name.isEmpty { return leaveOut(.unnamed) }
            if !shape.hasValue(values) { return leaveOut(.empty) }
        }
        var shape = shape
        if shape.mayNeverRepeat { shape.unrepeatedCount = Self.unrepeatedCount(shape, values) }
        if case .date(let form) = shape.choice {
            decision.clock = form.map { ClockInference(form: $0, shape: shape) } ?? ClockInference(shape, values)
            if let form, decision.clock == nil {
                throw TableError(path: path, column: shape.name, problem: .dateOrder(form: form))
            }
        } else if shape.choice == nil {
            decision.clock = ClockInference(shape, values)
        }
        if let clock = decision.clock {
            // Among dates that are texts a number is none.
            let texts = clock.form.hasPrefix("%") ? shape.present : shape.words
            let order = Clock(form: clock.form, parts: []).order
            let words = texts.filter { DateText.date($0.text, order: order) == nil }
            let numbers = clock.placeholders.map { (NumberText.text($0), $1) }
            passOver(words.map { ($0.text, $0.keptCount) } + numbers, &decision)
            decision.column.numberForm = Schema.NumberForm()
            return decision
        }
        if case .date = shape.choice, let text = shape.present.first {
            throw TableError(path: path, line: text.line, column: shape.name, problem: .cellNotDate(text: text.text))
        }
        if isLabels(shape, &decision) {
            decision.column.numberForm = Schema.NumberForm()
            if shape.choice == nil, shape.facts.cut_text_count > 0 { return leaveOut(.text) }
            let numbers = numberRows(shape, values)
            if shape.choice == nil, isIdentifier(shape, numbers) { return leaveOut(.identifier) }
            try decideLabels(shape, numbers, &decision)
        } else {
            if shape.choice == nil, shape.isIdentifier { return leaveOut(.identifier) }
            if !shape.form.isPlain { decision.remarks.append(.numberForm(shape.form)) }
            decideNumbers(shape, &decision)
        }
        return decision
    }

    /// Whether labels name rows, of which `numbers` are numbers beyond the texts. Texts are known of all rows, those only of
    /// the kept ones.
    private func isIdentifier(_ shape: ColumnShape, _ numbers: [String: Int]) -> Bool {
        let isOfKept = shape.isSampled && !numbers.isEmpty
        let texts = isOfKept ? shape.present.filter { $0.keptCount > 0 } : shape.present
        let rowCount =
            isOfKept
            ? texts.reduce(0) { $0 + $1.keptCount } + numbers.values.reduce(0, +) : shape.presentRowCount
        return shape.isIdentifier(
            labelCount: texts.count { numbers[$0.text] == nil } + numbers.count, rowCount: rowCount)
    }

    /// The texts of the column that stand for a missing value; a column of many numbers does not keep all of them as texts.
    private func missingTexts(_ shape: ColumnShape, _ values: [Double]) -> [String] {
        let found = shape.texts.map(\.text).filter(shape.missing.contains)
        let numbers = shape.missingNumbers
        if numbers.isEmpty { return found.sorted() }
        return Set(found).union(values.lazy.filter { !$0.isNaN }.compactMap { numbers[$0] }).sorted()
    }

    /// Chosen labels with their rows; where they have a class `other`, it is shared by the labels that were not chosen.
    private func counted(_ kind: TableSchema.Kind, _ shape: ColumnShape, areNumbers: Bool) -> TableSchema.Kind {
        guard case .categorical(let categories) = kind else { return kind }
        func name(_ text: String) -> String { areNumbers ? NumberText.label(text) ?? text : text }
        let known = categories.labels + categories.rareLabels
        // However the chosen labels themselves are spelled.
        let spellings = [String: String](known.map { (name($0), $0) }) { first, _ in first }
        var rows: [String: Int] = [:]
        for text in shape.present where text.keptCount > 0 {
            rows[spellings[name(text.text)] ?? name(text.text), default: 0] += text.keptCount
        }
        let others = categories.otherIndex == nil ? [] : Set(rows.keys).subtracting(known).sorted()
        let rare = (categories.rareLabels + others).filter { rows[$0] != nil }
        let rareCounts = rare.map { rows[$0] ?? 0 }
        return .categorical(
            Categories(
                labels: categories.labels, otherIndex: categories.otherIndex,
                rowCounts: categories.labels.enumerated().map { index, label in
                    index == categories.otherIndex ? rareCounts.reduce(0, +) : rows[label] ?? 0
                }, rareLabels: rare, rareRowCounts: rareCounts))
    }

    /// How many numbers a column has, where none repeats: the first ones are texts, the others values.
    private static func unrepeatedCount(_ shape: ColumnShape, _ values: [Double]) -> Int? {
        guard shape.texts.allSatisfy({ $0.number == nil || $0.count == 1 }) else { return nil }
        var seen = Set(shape.texts.compactMap(\.number))
        return values.allSatisfy { $0.isNaN || seen.insert($0).inserted } ? seen.count : nil
    }

    /// Whether the column is one of labels.
    private func isLabels(_ shape: ColumnShape, _ decision: inout Decision) -> Bool {
        switch shape.choice {
        case .categorical: return true
        case .real, .binary, .date: return false
        default: break
        }
        // Dates that are none of a clock.
        if shape.facts.date_facts != 0 { return true }
        if shape.truthTexts != nil && !shape.isBinary { return false }
        if !shape.words.isEmpty || shape.facts.lost_text_count > 0, !shape.isMostlyNumbers { return true }
        if shape.isCodes {
            decision.remarks.append(.codes)
            return true
        }
        return false
    }

    private func decideLabels(
        _ shape: ColumnShape, _ numbers: [String: Int], _ decision: inout Decision
    ) throws(TableError) {
        if shape.facts.lost_text_count > 0 {
            throw TableError(
                path: path, column: shape.name, problem: .tooManyLabels(limit: Int(MADE_TEXTS_MAX)))
        }
        if shape.facts.cut_text_count > 0 {
            throw TableError(
                path: path, column: shape.name, problem: .labelTooLong(limit: Int(MADE_TEXT_BYTES_MAX)))
        }
        let texts = shape.present
        decision.column.labelsAreNumbers = texts.allSatisfy { NumberText.label($0.text) != nil }
        var rows = numbers
        for text in texts where text.keptCount > 0 {
            let label = decision.column.labelsAreNumbers ? NumberText.label(text.text) ?? text.text : text.text
            rows[label, default: 0] += text.keptCount
        }
        guard !rows.isEmpty else {
            throw TableError(path: path, column: shape.name, problem: .columnEmpty)
        }
        guard rows.count <= Int(MADE_TEXTS_MAX) else {
            throw TableError(path: path, column: shape.name, problem: .tooManyLabels(limit: Int(MADE_TEXTS_MAX)))
        }
        let labels = LabelInference(
            rows.map { LabelInference.Label(text: $0.key, rowCount: $0.value) }, options: options)
        decision.kind = .categorical(labels.categories)
        decision.remarks += labels.remarks
    }

    /// The rows of the labels that are numbers beyond those that are kept as texts, which are spelled plainly.
    private func numberRows(_ shape: ColumnShape, _ values: [Double]) -> [String: Int] {
        guard shape.facts.number_count > 0 else { return [:] }
        let missing = shape.missingNumbers
        var counts: [Double: Int] = [:]
        for value in values where !value.isNaN && missing[value] == nil { counts[value, default: 0] += 1 }
        return [String: Int](counts.map { (shape.text($0.key), $0.value) }, uniquingKeysWith: +)
    }

    private func decideNumbers(_ shape: ColumnShape, _ decision: inout Decision) {
        if let texts = shape.truthTexts, shape.choice != .real, !shape.isBinary {
            decision.kind = .binary
            decision.column.truthTexts = [texts.no, texts.yes]
            decision.remarks.append(.truths(texts.no, texts.yes))
            return
        }
        if shape.choice == nil { passOver(shape.words.map { ($0.text, $0.keptCount) }, &decision) }
        let isBinary = shape.choice == .binary || (shape.choice == nil && shape.isBinary)
        decision.kind = isBinary ? .binary : .real(step: nil)
    }

    /// Words in a column of numbers or dates, and numbers that are no times, stand for missing values.
    private func passOver(_ words: [(text: String, rowCount: Int)], _ decision: inout Decision) {
        if words.isEmpty { return }
        decision.column.missingTexts = Set(decision.column.missingTexts + words.map(\.text)).sorted()
        decision.remarks.append(
            .textsAmongNumbers(words.map(\.text).sorted(), rowCount: words.reduce(0) { $0 + $1.rowCount }))
    }

    /// The values of a column, its texts read as every cell of the column will be.
    private func resolve(
        _ values: [Double], of shape: ColumnShape, as kind: TableSchema.Kind, _ column: Schema.Column
    ) throws(TableError) -> [Double] {
        let own = TableSchema(
            columns: [TableSchema.Column(name: shape.name, kind: kind)], table: Schema(columns: [column]))
        let reader = try own.rowSchema(path: path)
        let options = ReadingOptions(refusesUnseen: true)
        var isLabels = false
        if case .categorical = kind { isLabels = true }
        return try resolve(
            values, of: shape, by: reader, missingNumbers: isLabels ? [:] : shape.missingNumbers,
            skipsUnkept: isLabels, objection: kind.objection(to:)
        ) { value in
            // Codes of which some had a leading zero, so that the others were numbers: those were plain.
            isLabels ? (try? reader.read(shape.text(value), column: 0, options: options).number) ?? .nan : value
        }
    }

    /// The values of a column whose texts `reader` reads, and whose numbers are what `number` makes of them. Where `skipsUnkept`,
    /// texts of rows that are not kept need be none that it can read.
    func resolve(
        _ values: [Double], of shape: ColumnShape, by reader: RowSchema, missingNumbers: [Double: String],
        skipsUnkept: Bool = false, objection: (String) -> TableError.Problem, number: (Double) -> Double
    ) throws(TableError) -> [Double] {
        let options = ReadingOptions(refusesUnseen: true)
        var textValues: [Double] = []
        textValues.reserveCapacity(shape.texts.count)
        for text in shape.texts {
            if skipsUnkept, text.keptCount == 0 {
                textValues.append(.nan)
                continue
            }
            guard let read = try? reader.read(text.text, column: 0, options: options) else {
                throw TableError(path: path, line: text.line, column: shape.name, problem: objection(text.text))
            }
            textValues.append(read.number)
        }
        return values.map { value in
            guard value.isNaN else { return missingNumbers[value] != nil ? .nan : number(value) }
            return TableScanner.text(of: value).map { textValues[$0] } ?? .nan
        }
    }

    /// What the values of a column tell besides.
    private func finish(
        _ kind: TableSchema.Kind, _ shape: ColumnShape, _ values: [Double], _ facts: inout ColumnFacts
    ) -> TableSchema.Kind {
        facts.missingCount = values.count(where: \.isNaN)
        var numbers = shape.facts
        var kind = kind
        switch kind {
        case .categorical(let categories):
            if categories.labels.count + categories.rareLabels.count == 1 { facts.remarks.append(.constant) }
        case .binary:
            let first = values.first { !$0.isNaN }
            if values.allSatisfy({ $0.isNaN || $0 == first }) { facts.remarks.append(.constant) }
        case .real where facts.missingCount < values.count:
            let range =
                shape.missingNumbers.isEmpty && !shape.isSampled
                ? numbers.minimum...numbers.maximum : Self.range(values)
            if shape.isSampled { (numbers.minimum, numbers.maximum) = (range.lowerBound, range.upperBound) }
            let found = StepInference(numbers, values: values)
            if case .exactly = shape.choice {} else { kind = .real(step: found.step, resolution: found.resolution) }
            facts.range = range
            if range.lowerBound == range.upperBound {
                facts.remarks.append(.constant)
            } else if found.distinctCount <= 10 && numbers.is_decimal && numbers.decimals == 0 {
                facts.remarks.append(.fewNumbers(count: found.distinctCount))
            }
        case .real: break
        }
        return kind
    }
}

extension SchemaInference {
    /// Precondition: some value is there.
    static func range(_ values: [Double]) -> ClosedRange<Double> {
        let present = values.filter { !$0.isNaN }
        return (present.min() ?? 0)...(present.max() ?? 0)
    }
}

extension TableSchema.Kind {
    fileprivate func objection(to text: String) -> TableError.Problem {
        switch self {
        case .binary: .cellNotBinary(text: text)
        case .real: .cellNotNumber(text: text)
        case .categorical(let categories): .labelUnknown(text: text, labels: categories.labels)
        }
    }
}

extension SchemaOptions.Choice {
    fileprivate var dateOrder: made_date_order? {
        if case .date(let form?) = self { Clock(form: form, parts: []).order } else { nil }
    }

    fileprivate var numberForm: Schema.NumberForm? {
        if case .exactly(_, let column) = self { column.numberForm } else { nil }
    }
}
