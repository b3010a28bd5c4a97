package import CRows
public import MADE

/// The columns that rows of a model are read by: its variables, and the table that they came from.
///
/// `@unchecked Sendable`: the C schema is not written after it is made, and freed only when nobody holds this any more.
public final class RowSchema: @unchecked Sendable {
    package let handle: OpaquePointer
    /// In the order of a row's values.
    public let variables: [Variable]
    /// The table's columns.
    public let table: Schema
    /// Of each variable: whether a number stands for a missing value.
    package let hasMissingNumbers: [Bool]

    /// Of a model. One that knows no table has its variables as columns. Nil where memory is short.
    public convenience init?(_ card: ModelCard) {
        self.init(card.variables, table: card.schema ?? Schema(of: card.variables))
    }

    /// The same; other columns, named so, are passed over too.
    public convenience init?(_ card: ModelCard, passingOver names: [String]) {
        var table = card.schema ?? Schema(of: card.variables)
        let known = Set(table.columns.map(\.name))
        for name in names.map(NumberText.normalised) where !known.contains(name) {
            var column = Schema.Column(name: name)
            column.leftOut = .asked
            table.columns.append(column)
        }
        self.init(card.variables, table: table)
    }

    /// `variables` are the columns of `table` that are kept. Nil where memory is short.
    init?(_ variables: [Variable], table: Schema) {
        self.variables = variables
        self.table = table
        let pool = TextPool()
        let kept = table.columns.filter { $0.leftOut == nil }
        hasMissingNumbers = kept.map { column in
            column.missingTexts.contains { NumberText.number($0, form: column.numberForm) != nil }
        }
        let columns = zip(variables, kept).map { made_column($0, $1, pool) }
        var next = 0
        let places = table.columns.map { column in
            let isKept = column.leftOut == nil
            defer { if isKept { next += 1 } }
            // All bits set is `MADE_PASSED_OVER`.
            return made_table_place(name: pool.text(column.name), variable: isKept ? next : -1)
        }
        let made = columns.withUnsafeBufferPointer { columns in
            places.withUnsafeBufferPointer { places in
                columns.baseAddress.flatMap { columns in
                    places.baseAddress.flatMap { made_row_schema_create(columns, kept.count, $0, table.columns.count) }
                }
            }
        }
        guard let made else { return nil }
        handle = made
    }

    deinit { made_row_schema_free(handle) }

    /// Reads one text as every reader of rows reads it: its value, encoded, and its number before encoding, NaN where it is
    /// missing.
    ///
    /// - Parameters:
    ///   - row: what a message calls the row.
    ///   - place: the JSON Pointer to the row.
    /// - Throws: where it is none of the variable's values.
    package func read(
        _ text: String, as form: made_value_form = MADE_VALUE_STRING, variable: Int, options: ReadingOptions,
        row: @autoclosure () -> String = "", place: String = ""
    ) throws(RowProblem) -> (value: Float, number: Double) {
        var text = text
        return try text.withUTF8 { utf8 in
            Result { () throws(RowProblem) in
                var (value, number) = (Float.nan, Double.nan)
                let cell = made_text(utf8)
                let fault = made_row_schema_read_value(
                    handle, variable, cell, form, options.handle(keepsNumbers: true), &value, &number)
                guard fault != MADE_ROW_GOOD else { return (value, number) }
                var error = made_row_error()
                (error.fault, error.column, error.text, error.is_object) = (fault, variable, cell, true)
                throw RowProblem(
                    error, row: row(), place: place, isIndex: form == MADE_VALUE_ELEMENT, variables: variables)
            }
        }.get()
    }
}

extension made_text {
    /// Precondition: used no longer than `utf8`.
    init(_ utf8: UnsafeBufferPointer<UInt8>) {
        self.init(bytes: UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self), count: utf8.count)
    }
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
            (centre, scale) = (encoding.centre, 1 / encoding.scale)
            (atoms, atom_count) = pool.numbers(encoding.atoms)
        }
    }
}

extension made_number_form {
    init(_ form: Schema.NumberForm, _ pool: TextPool) {
        self.init(
            has_decimal_comma: form.hasDecimalComma,
            group_separator: form.groupSeparator.utf8.first.map(CChar.init(bitPattern:)) ?? 0,
            unit: pool.text(form.unit))
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
