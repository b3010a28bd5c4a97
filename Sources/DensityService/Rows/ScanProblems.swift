internal import CRowScanner
internal import MADE

extension Problem {
    /// What is wrong with a body as a whole; nil where nothing is.
    init?(_ scan: made_scan, shape: BodyScanner.Shape) {
        let at = scan.offset < 0 ? "" : " at byte \(scan.offset)"
        switch scan.status {
        case MADE_SCAN_OK: return nil
        case MADE_SCAN_NOT_JSON:
            let reason = scan.reason.map { ": \(String(cString: $0))" } ?? ""
            self.init(400, "the body is not JSON\(at)\(reason)")
        case MADE_SCAN_NOT_UTF8: self.init(400, "the body is not UTF-8\(at)")
        case MADE_SCAN_EMPTY: self.init(400, "the body is empty; send a JSON object")
        case MADE_SCAN_TOO_DEEP: self.init(400, "arrays and objects are nested more than 64 deep\(at)")
        case MADE_SCAN_TRAILING: self.init(400, "something follows the JSON object\(at)")
        case MADE_SCAN_NOT_OBJECT:
            let example = shape.isRequired && !shape.isTensor ? ", such as {\"\(shape.member)\": [[0, 1]]}" : ""
            self.init(400, "the body must be a JSON object\(example)", pointer: "")
        case MADE_SCAN_DUPLICATE_MEMBER:
            let name = String(scan.name)
            self.init(400, "the field \(quoted(name)) occurs twice", pointer: "/\(pointerToken(name))")
        case MADE_SCAN_TOO_MANY_MEMBERS: self.init(400, "the object has more than 64 fields", pointer: "")
        case MADE_SCAN_ROWS_MISSING: self.init(400, "the field '\(shape.member)' is missing", pointer: "")
        case MADE_SCAN_ROWS_NOT_ARRAY:
            self.init(400, "'\(shape.member)' must be an array of rows", pointer: "/\(shape.member)")
        case MADE_SCAN_TOO_MANY_ROWS:
            self.init(
                413,
                "a request may hold \(shape.rowsMax) rows and \(shape.valuesMax) values (queue-rows-max); send several requests",
                pointer: "/\(shape.member)")
        default: self.init(503, "memory is short; try again later", retryAfter: 1)
        }
    }

    /// What is wrong with one row.
    init(_ error: made_row_error, shape: BodyScanner.Shape, variables: [Variable]) {
        let row = shape.isSingleRow ? "\(shape.member)" : "\(shape.member)[\(error.row)]"
        let place = shape.isSingleRow ? "/\(shape.member)" : "/\(shape.member)/\(error.row)"
        let text = String(error.text)
        // Of the faults that concern no column the scanner says column 0, which a model always has.
        let variable = variables[error.column].name
        // The detail names the variable however it was sent; the pointer must lead to it in the body that was sent.
        let token = error.is_object ? pointerToken(variable) : "\(error.column)"
        let cell = (detail: "\(row).\(variable)", pointer: "\(place)/\(token)")
        switch error.fault {
        case MADE_ROW_NOT_A_ROW:
            self.init(400, "\(row): a row is an array of values or an object of names and values", pointer: place)
        case MADE_ROW_WRONG_COUNT:
            self.init(
                422, "\(row): the model has \(variables.count) variables, the row \(error.found) values", pointer: place
            )
        case MADE_ROW_UNKNOWN_VARIABLE:
            let nearest = suggestion(for: text, among: variables.lazy.map(\.name))
            self.init(
                422, "\(row): \(quoted(text)) is not a variable of the model\(nearest)",
                pointer: "\(place)/\(pointerToken(text))")
        case MADE_ROW_DUPLICATE_VARIABLE:
            self.init(400, "\(cell.detail): the variable occurs twice", pointer: cell.pointer)
        case MADE_ROW_OUT_OF_RANGE:
            self.init(
                422, "\(cell.detail): the number \(quoted(text)) is out of range (±3.4e38)", pointer: cell.pointer)
        case MADE_ROW_MALFORMED: self.init(400, "\(row): \(text)", pointer: place)
        default:
            let shown = text == "[" ? "an array" : text == "{" ? "an object" : quoted(text)
            let objection = variables[error.column].objection(to: text, shown: shown, isIndex: shape.isTensor)
            self.init(422, "\(cell.detail): \(objection)", pointer: cell.pointer)
        }
    }
}

extension Variable {
    /// Labels that a message lists at most.
    private static let listedLabelsMax = 12

    /// Why `text`, which a message shows as `shown`, is none of the variable's values; `isIndex`: a label is sent as its
    /// index.
    func objection(to text: String, shown: String, isIndex: Bool) -> String {
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
                + suggestion(for: text, among: labels)
        }
    }
}
