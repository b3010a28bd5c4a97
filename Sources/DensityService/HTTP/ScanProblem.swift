internal import CRows
internal import MADERows

extension Problem {
    /// What is wrong with a body as a whole; nil where nothing is.
    init?(_ scan: made_scan, shape: BodyScanner.Shape) {
        let at = scan.offset < 0 ? "" : " at byte \(scan.offset)"
        // What curl sends without a type of its own is read as JSON, and tables are what people have.
        let lines =
            shape.isRequired && !shape.isTensor && !shape.isSingleRow
            ? "; lines of CSV or NDJSON go to /score, with Content-Type: text/csv or application/x-ndjson" : ""
        switch scan.status {
        case MADE_SCAN_OK: return nil
        case MADE_SCAN_NOT_JSON:
            let reason = scan.reason.map { ": \(String(cString: $0))" } ?? ""
            self.init(400, "the body is not JSON\(at)\(reason)\(scan.offset <= 0 ? lines : "")")
        case MADE_SCAN_NOT_UTF8: self.init(400, "the body is not UTF-8\(at)")
        case MADE_SCAN_EMPTY: self.init(400, "the body is empty; send a JSON object")
        case MADE_SCAN_TOO_DEEP: self.init(400, "arrays and objects are nested more than 64 deep\(at)")
        case MADE_SCAN_TRAILING: self.init(400, "something follows the JSON object\(at)\(lines)")
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
        default: self = .memory
        }
    }

    /// What is wrong with one row.
    init(_ problem: RowProblem) {
        self.init(problem.isMalformed ? 400 : 422, problem.detail, pointer: problem.pointer)
    }
}
