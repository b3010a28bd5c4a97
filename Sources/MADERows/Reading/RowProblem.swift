package import CRows
package import MADE

/// What is wrong with one row.
package struct RowProblem: Error, Equatable {
    /// It is no row at all, or one of two minds; else it is one, and not of this model.
    package var isMalformed: Bool
    /// What is wrong, where, and what would be right; one sentence.
    package var detail: String
    /// JSON Pointer (RFC 6901) to it.
    package var pointer: String

    /// `row` is how a message names the row, `place` the JSON Pointer to it; `isIndex`: a label is sent as its index.
    package init(
        _ error: made_row_error, row: String, place: String, isIndex: Bool = false, columns: [ReadColumn]
    ) {
        let text = String(error.text)
        // Of the faults that concern no column the scanner says column 0, which a model always has.
        let column = columns[error.column].name
        // The detail names the variable however it was sent; the pointer must lead to it in the body that was sent.
        let token = error.is_object ? pointerToken(column) : "\(error.column)"
        let cell = (detail: "\(row).\(column)", pointer: "\(place)/\(token)")
        switch error.fault {
        case MADE_ROW_NOT_A_ROW:
            self.init(true, "\(row): a row is an array of values or an object of names and values", place)
        case MADE_ROW_WRONG_COUNT:
            self.init(
                false, "\(row): the model has \(columns.count) columns, the row \(error.found) values", place)
        case MADE_ROW_UNKNOWN_VARIABLE:
            let nearest = suggestion(for: text, among: columns.lazy.map(\.name))
            self.init(
                false, "\(row): \(quoted(text)) is not a column of the model\(nearest)",
                "\(place)/\(pointerToken(text))")
        case MADE_ROW_DUPLICATE_VARIABLE:
            self.init(true, "\(cell.detail): the column occurs twice", cell.pointer)
        case MADE_ROW_OUT_OF_RANGE:
            let range = columns[error.column].clock == nil ? "±1.8e308" : "the years 1 to 9999"
            self.init(false, "\(cell.detail): the number \(quoted(text)) is out of range (\(range))", cell.pointer)
        case MADE_ROW_MALFORMED: self.init(true, "\(row): \(text)", place)
        default:
            let shown = text == "[" ? "an array" : text == "{" ? "an object" : quoted(text)
            let objection = columns[error.column].objection(to: text, shown: shown, isIndex: isIndex)
            self.init(false, "\(cell.detail): \(objection)", cell.pointer)
        }
    }

    /// Of a row in a body of JSON.
    package init(_ error: made_row_error, shape: BodyScanner.Shape, columns: [ReadColumn]) {
        let isSingle = shape.isSingleRow
        self.init(
            error, row: isSingle ? "\(shape.member)" : "\(shape.member)[\(error.row)]",
            place: isSingle ? "/\(shape.member)" : "/\(shape.member)/\(error.row)", isIndex: shape.isTensor,
            columns: columns)
    }

    private init(_ isMalformed: Bool, _ detail: String, _ pointer: String) {
        self.isMalformed = isMalformed
        self.detail = detail
        self.pointer = pointer
    }
}

extension ReadColumn {
    /// See `Variable.nearestValue`; nil of a clock.
    package func nearestValue(to text: String) -> String? { clock == nil ? variable.nearestValue(to: text) : nil }

    fileprivate func objection(to text: String, shown: String, isIndex: Bool) -> String {
        guard let clock else { return variable.objection(to: text, shown: shown, isIndex: isIndex) }
        if isIndex { return "\(shown) is not a time in \(clock.isNumeric ? clock.form : "seconds") since 1970" }
        let kind = clock.isNumeric ? "a time in \(clock.form) since 1970" : "a date or time"
        return "\(shown) is not \(kind), as \(clock.text(clock.first)) is"
    }
}

extension Variable {
    /// Labels that a message lists at most.
    private static let listedLabelsMax = 12

    /// Why `text`, which a message shows as `shown`, is none of the variable's values; `isIndex`: a label is sent as its
    /// index.
    package func objection(to text: String, shown: String, isIndex: Bool) -> String {
        switch kind {
        case .binary: return "\(shown) is not a value of a binary variable (0, 1)"
        case .real:
            let isAbsent = ["na", "n/a", "nan", "null", "none", "?", "-", "."].contains(text.lowercased())
            return "\(shown) is not a finite number"
                + (isAbsent ? "; a missing value is null, an empty cell of CSV" : "")
        case .categorical(let categories):
            let labels = categories.labels
            if isIndex { return "\(shown) is not the index of a category of '\(name)' (0 to \(labels.count - 1))" }
            let listed = labels.prefix(Self.listedLabelsMax).map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: ", ")
            let more = labels.count - min(labels.count, Self.listedLabelsMax)
            return "\(shown) is not a category of '\(name)' (\(listed)\(more > 0 ? " and \(more) more" : ""))"
                + (nearestValue(to: text).map { "; did you mean '\($0)'?" } ?? "")
        }
    }

    /// The known value nearest to a text that is none: a number among labels that all are numbers by distance, another label
    /// by its letters, 0 or 1 by distance; nil where none is near.
    package func nearestValue(to text: String) -> String? {
        switch kind {
        case .categorical(let categories):
            // The class of the rare labels has a name, which is none of the column's numbers.
            let numbers =
                categories.labels.indices.filter { $0 != categories.otherIndex }.map { categories.labels[$0] }
                + categories.rareLabels
            if NumberText.label(text) != nil, numbers.allSatisfy({ NumberText.label($0) != nil }) {
                return nearestNumber(to: text, among: numbers)
            }
            return nearest(to: text, among: categories.labels + categories.rareLabels)
        case .binary: return NumberText.number(text).map { $0 < 0.5 ? "0" : "1" }
        case .real: return nil
        }
    }

    private func nearestNumber(to text: String, among labels: [String]) -> String? {
        guard let number = NumberText.number(text) else { return nil }
        func distance(_ label: String) -> Double { NumberText.number(label).map { abs($0 - number) } ?? .infinity }
        return labels.map { (label: $0, distance: distance($0)) }.min { $0.distance < $1.distance }?.label
    }
}

/// One reference token of a JSON Pointer.
package func pointerToken(_ name: String) -> String {
    var token = ""
    for character in name.unicodeScalars {
        switch character {
        case "~": token += "~0"
        case "/": token += "~1"
        default: token.unicodeScalars.append(character)
        }
    }
    return token
}
