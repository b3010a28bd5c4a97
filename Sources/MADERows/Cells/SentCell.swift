internal import CRows

/// A cell of a row as it came, or as it is to be written.
package enum SentCell: Sendable, Equatable {
    /// There is none, or it is null.
    case absent
    /// A cell of CSV, or a string of JSON.
    case text(String)
    /// A number, true, false or anything else of JSON, as it stands.
    case json(String)

    /// Writes it as a value of JSON.
    package func write(to json: inout JSONWriter) {
        switch self {
        case .absent: json.null()
        case .text(let text): json.string(text)
        case .json(let token): json.raw(token)
        }
    }

    /// As a cell of CSV has it; empty where there is none.
    package var plainText: String {
        switch self {
        case .absent: ""
        case .text(let text), .json(let text): text
        }
    }
}

extension KeptCells {
    /// Each as it came.
    package var sentCells: [SentCell] {
        cells.map { cell in
            if cell.is_absent { return .absent }
            return cell.is_json ? .json(String(cell.text)) : .text(String(cell.text))
        }
    }
}
