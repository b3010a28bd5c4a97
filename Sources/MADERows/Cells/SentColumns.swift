internal import CRows
internal import MADE

/// The columns of rows that are given back as they came, but for some cells: those that a model reads, and others.
package struct SentColumns: Sendable {
    /// Their names, all different.
    package let names: [String]
    /// Of each column that the model reads its place among `names`; nil where rows have no such column.
    package let places: [Int?]
    let schema: RowSchema

    /// Of columns named so.
    package init(_ names: [String], _ schema: RowSchema) {
        self.names = names
        self.schema = schema
        places = schema.columns.map { column in names.firstIndex(of: column.name) }
    }

    /// The columns of the model's table, those that training left out too.
    package init(of schema: RowSchema) {
        var names: [String] = []
        for column in schema.table.columns where !column.name.isEmpty && !names.contains(column.name) {
            names.append(column.name)
        }
        self.init(names, schema)
    }

    /// A row that is read: `values` [D] are what the model takes its cells for, none of one that cannot be read, whose `line` is
    /// given back.
    package func row(_ kept: KeptCells, values: some Sequence<Float>, line: [UInt8]? = nil) -> SentRow {
        let cells = kept.sentCells
        return SentRow(
            cells: cells, values: Array(values), seconds: places.indices.map { seconds(of: $0, in: cells) }, line: line)
    }

    /// The cells of `row` with those that were filled in it, of one draw, in their places.
    package func row(_ row: SentRow, with filled: [Imputer.Cell], draw: Int = 0) -> [SentCell] {
        var cells = row.cells
        for cell in filled {
            if let place = places[cell.column] { cells[place] = cell.values[draw] }
        }
        return cells
    }

    /// Of a column of dates the time in its cell, seconds since 1970; NaN where it has none, and of other columns.
    private func seconds(of column: Int, in cells: [SentCell]) -> Double {
        guard schema.columns[column].clock != nil, let place = places[column] else { return .nan }
        let (text, form): (String, made_value_form)
        switch cells[place] {
        case .absent: return .nan
        case .text(let own): (text, form) = (own, MADE_VALUE_STRING)
        case .json(let own): (text, form) = (own, MADE_VALUE_NUMBER)
        }
        return (try? schema.read(text, as: form, column: column, options: ReadingOptions()))?.number ?? .nan
    }
}

/// A row that came, as it was written and as a model reads it.
package struct SentRow: Sendable {
    /// Of `SentColumns.names`.
    package var cells: [SentCell]
    /// Encoded [D]; NaN where a value is not known.
    package var values: [Float]
    /// Of each column that is read: of a column of dates its time, else NaN.
    package var seconds: [Double]
    /// Of a row that cannot be read its line as it came, in UTF-8, without its end.
    package var line: [UInt8]?
}
