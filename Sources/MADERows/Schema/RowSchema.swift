package import CRows
public import MADE

/// The columns that rows of a model are read by, and the variables that they become.
///
/// `@unchecked Sendable`: the C schema is not written after it is made, and freed only when nobody holds this any more.
public final class RowSchema: @unchecked Sendable {
    package let handle: OpaquePointer
    /// In the order of a row's values as the model takes it.
    public let variables: [Variable]
    /// In the order of a row's values as they are read.
    public let columns: [ReadColumn]
    /// Of each variable its column.
    package let columnIndices: [Int]
    /// The table's columns.
    public let table: Schema
    /// Of each column that is read: whether a number stands for a missing value.
    package let hasMissingNumbers: [Bool]
    /// Of each column that is read: the texts of a missing value.
    let missingTexts: [Set<String>]
    /// Whether variables are made of columns rather than being them.
    package let expands: Bool

    /// Of a model. One that knows no table has its variables as columns. Nil where memory is short.
    public convenience init?(_ card: ModelCard) {
        self.init(card.variables, table: card.table)
    }

    /// The same; other columns, named so, are passed over too.
    public convenience init?(_ card: ModelCard, passingOver names: [String]) {
        var table = card.table
        let known = Set(table.columns.map(\.name))
        for name in names.map(NumberText.normalised) where !known.contains(name) {
            var column = Schema.Column(name: name)
            column.leftOut = .asked
            table.columns.append(column)
        }
        self.init(card.variables, table: table)
    }

    /// `variables` are those of the columns of `table` that are kept. Nil where memory is short.
    init?(_ variables: [Variable], table: Schema) {
        self.variables = variables
        self.table = table
        let pool = TextPool()
        let kept = table.columns.filter { $0.leftOut == nil }
        hasMissingNumbers = kept.map { column in
            column.missingTexts.contains { NumberText.number($0, form: column.numberForm) != nil }
        }
        missingTexts = kept.map { Set($0.missingTexts) }
        columns = zip(kept, table.variableRanges).map { column, range in
            ReadColumn(name: column.name, variables: range, clock: column.clock, variable: variables[range.lowerBound])
        }
        columnIndices = columns.enumerated().flatMap { index, column in column.variables.map { _ in index } }
        expands = kept.contains { $0.clock != nil }
        let handles = zip(columns, kept).map { made_column($0, $1, pool) }
        let parts = expands ? made_variable.all(variables, columns, kept, pool) : []
        var next = 0
        let places = table.columns.map { column in
            let isKept = column.leftOut == nil
            defer { if isKept { next += 1 } }
            // All bits set is `MADE_PASSED_OVER`.
            return made_table_place(name: pool.text(column.name), column: isKept ? next : -1)
        }
        let made = handles.withUnsafeBufferPointer { columns in
            places.withUnsafeBufferPointer { places in
                parts.withUnsafeBufferPointer { parts in
                    columns.baseAddress.flatMap { columns in
                        places.baseAddress.flatMap {
                            made_row_schema_create(
                                columns, kept.count, $0, table.columns.count, parts.baseAddress, parts.count)
                        }
                    }
                }
            }
        }
        withExtendedLifetime(pool) {}
        guard let made else { return nil }
        handle = made
    }

    deinit { made_row_schema_free(handle) }

    /// Reads one text as every reader of rows reads it: its value, encoded, and its number before encoding, NaN where it is
    /// missing; of a clock the number are seconds since 1970, and the value has no meaning.
    ///
    /// - Parameters:
    ///   - row: what a message calls the row.
    ///   - place: the JSON Pointer to the row.
    /// - Throws: where it is none of the column's values.
    package func read(
        _ text: String, as form: made_value_form = MADE_VALUE_STRING, column: Int, options: ReadingOptions,
        row: @autoclosure () -> String = "", place: String = ""
    ) throws(RowProblem) -> (value: Float, number: Double) {
        var text = text
        return try text.withUTF8 { utf8 in
            Result { () throws(RowProblem) in
                var (value, number) = (Float.nan, Double.nan)
                let cell = made_text(utf8)
                let fault = made_row_schema_read_value(
                    handle, column, cell, form, options.handle(keepsNumbers: true), &value, &number)
                guard fault != MADE_ROW_GOOD else { return (value, number) }
                var error = made_row_error()
                (error.fault, error.column, error.text, error.is_object) = (fault, column, cell, true)
                throw RowProblem(
                    error, row: row(), place: place, isIndex: form == MADE_VALUE_ELEMENT, columns: columns)
            }
        }.get()
    }

    /// The rows of variables [n × variables] that rows of columns [n × columns] become, which were read value by value.
    /// `numbers` are of each value what `read` gives.
    package func expand(_ values: [Float], numbers: [Double], options: ReadingOptions = ReadingOptions()) -> [Float] {
        guard expands else { return values }
        let rowCount = values.count / columns.count
        return [Float](unsafeUninitializedCapacity: rowCount * variables.count) { target, initialized in
            if let base = target.baseAddress {
                _ = values.withUnsafeBufferPointer { values in
                    numbers.withUnsafeBufferPointer { numbers in
                        guard let values = values.baseAddress, let numbers = numbers.baseAddress else { return 0 }
                        return made_row_schema_expand(
                            handle, values, numbers, rowCount, options.handle(keepsNumbers: false), base, nil)
                    }
                }
            }
            initialized = rowCount * variables.count
        }
    }
}

extension RowSchema {
    /// What of its column of dates a variable is; nil where it is no such.
    package func part(_ variable: Int) -> Clock.Part? {
        let column = columns[columnIndices[variable]]
        return column.clock?.parts[variable - column.variables.lowerBound]
    }

    /// Whether a variable is a column of numbers.
    func isNumber(_ variable: Int) -> Bool { columns[columnIndices[variable]].isReal }

    /// Of values of variables, one row's or several rows', the sums by column: of surprisals those of the columns, whose parts
    /// are given each other. NaN where one of a column's is.
    package func sums(_ values: some RandomAccessCollection<Float>) -> [Float] {
        guard expands else { return Array(values) }
        var sums: [Float] = []
        sums.reserveCapacity(values.count / variables.count * columns.count)
        var row = values[...]
        while !row.isEmpty {
            for column in columns {
                let end = row.index(row.startIndex, offsetBy: column.variables.count)
                sums.append(row[row.startIndex..<end].reduce(0, +))
                row = row[end...]
            }
        }
        return sums
    }
}

/// A column that is read.
public struct ReadColumn: Sendable {
    /// Its name in the table.
    public let name: String
    /// What it becomes.
    public let variables: Range<Int>
    /// Its dates or times; nil for a column that is one variable.
    public let clock: Clock?
    /// The first of its variables.
    package let variable: Variable

    /// What a missing value is read as.
    package var valueOfMissing: Float { variable.valueOfMissing }
    /// Whether it is a variable that is a number.
    package var isReal: Bool { clock == nil && variable.isReal }
    /// The value of a number; nil where it is none of the column's, or the column is no single variable.
    package func encode(_ number: Double) -> Float? {
        clock == nil && variable.accepts(number) ? variable.encode(number) : nil
    }
}

extension made_text {
    /// Precondition: used no longer than `utf8`.
    init(_ utf8: UnsafeBufferPointer<UInt8>) {
        self.init(bytes: UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self), count: utf8.count)
    }
}

extension ModelCard {
    /// The table it was trained on; of a model that knows none, its variables as columns.
    package var table: Schema { schema ?? Schema(of: variables) }
}

extension Schema {
    /// The table of a model that knows none: its variables. A hole is the empty cell alone, as such models were served.
    init(of variables: [Variable]) {
        self.init(
            columns: variables.map { variable in
                var column = Column(name: variable.name)
                if case .categorical(let categories) = variable.kind {
                    column.labelsAreNumbers = categories.labels.allSatisfy { NumberText.label($0) != nil }
                }
                return column
            })
    }
}

extension made_column {
    /// Precondition: `pool` outlives it.
    fileprivate init(_ column: ReadColumn, _ schema: Schema.Column, _ pool: TextPool) {
        self.init(column.variable, schema, pool)
        name = pool.text(column.name)
        guard let clock = column.clock else { return }
        kind = MADE_COLUMN_CLOCK
        (clock_units, date_order) = (clock.units, clock.order)
        (labels, label_count, atoms, atom_count) = (nil, 0, nil, 0)
    }

    /// Precondition: `pool` outlives it.
    fileprivate init(_ variable: Variable, _ column: Schema.Column, _ pool: TextPool) {
        self.init()
        name = pool.text(variable.name)
        has_unseen = variable.unseen != nil
        has_missing = variable.hasMissing
        other_label = noLabel
        (missing, missing_count) = pool.texts(column.missingTexts)
        form = made_number_form(column.numberForm, pool)
        switch variable.kind {
        case .binary:
            kind = MADE_COLUMN_BINARY
            if let texts = column.truthTexts { (labels, label_count) = pool.texts(texts) }
        case .categorical(let categories):
            kind = MADE_COLUMN_CATEGORICAL
            are_numbers = column.labelsAreNumbers
            var texts = categories.labels
            if let other = categories.otherIndex {
                // The class of the rare labels is none that a cell could name; of a model that knows no rare labels it is
                // one, and every other text too.
                if variable.unseen == nil { other_label = other } else { texts[other] = "\0" }
            }
            (labels, label_count) = pool.texts(texts)
            (rare_labels, rare_label_count) = pool.texts(categories.rareLabels)
        case .real(let encoding):
            kind = MADE_COLUMN_REAL
            (centre, scale, linear_width) = (encoding.centre, 1 / encoding.scale, encoding.linearWidth ?? 0)
            (atoms, atom_count) = pool.numbers(encoding.atoms)
        }
    }
}

extension made_variable {
    /// Precondition: `pool` outlives them.
    fileprivate static func all(
        _ variables: [Variable], _ columns: [ReadColumn], _ kept: [Schema.Column], _ pool: TextPool
    ) -> [made_variable] {
        columns.indices.flatMap { column in
            columns[column].variables.enumerated().map { place, index in
                var made = made_variable()
                made.column = column
                made.rules = made_column(variables[index], kept[column], pool)
                guard let clock = columns[column].clock else { return made }
                made.part = clock.parts[place].handle
                made.origin = clock.dayStart
                made.since = clock.since.flatMap { since in columns.firstIndex { $0.name == since } } ?? column
                return made
            }
        }
    }
}

extension Clock.Part {
    var handle: made_part {
        switch self {
        case .weekday: MADE_PART_WEEKDAY
        case .month: MADE_PART_MONTH
        case .time: MADE_PART_TIME
        case .elapsed: MADE_PART_ELAPSED
        }
    }
}

extension made_number_form {
    init(_ form: Schema.NumberForm, _ pool: TextPool) {
        self.init(
            has_decimal_comma: form.hasDecimalComma,
            group_separator: form.groupSeparator.utf8.first.map(CChar.init(bitPattern:)) ?? 0,
            unit: pool.text(form.unit), has_parentheses: form.hasParentheses)
    }
}

/// `MADE_NO_LABEL` and `MADE_PASSED_OVER`, which are expressions that Swift does not import: all bits set.
let noLabel = Int(bitPattern: UInt.max)

/// Owns texts for C as long as it lives: pointers into Swift strings would not outlive the closures that give them.
final class TextPool {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { block.deallocate() } }

    func text(_ string: String) -> made_text {
        var string = string
        return string.withUTF8 { utf8 in
            let block = UnsafeMutableRawPointer.allocate(byteCount: max(utf8.count, 1), alignment: 1)
            blocks.append(block)
            if let base = utf8.baseAddress { block.copyMemory(from: base, byteCount: utf8.count) }
            return made_text(bytes: block.assumingMemoryBound(to: CChar.self), count: utf8.count)
        }
    }

    func numbers(_ numbers: [Double]) -> (UnsafePointer<Double>?, Int) {
        if numbers.isEmpty { return (nil, 0) }
        let block = UnsafeMutableBufferPointer<Double>.allocate(capacity: numbers.count)
        _ = block.initialize(from: numbers)
        if let base = block.baseAddress { blocks.append(UnsafeMutableRawPointer(base)) }
        return (UnsafePointer(block.baseAddress), numbers.count)
    }

    func texts(_ strings: [String]) -> (UnsafePointer<made_text>?, Int) {
        if strings.isEmpty { return (nil, 0) }
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: strings.count * MemoryLayout<made_text>.stride, alignment: MemoryLayout<made_text>.alignment)
        blocks.append(block)
        let texts = block.bindMemory(to: made_text.self, capacity: strings.count)
        for (index, string) in strings.enumerated() { (texts + index).initialize(to: text(string)) }
        return (UnsafePointer(texts), strings.count)
    }
}

extension String {
    /// A copy of the scanner's text.
    package init(_ text: made_text) {
        self.init(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
    }
}
