internal import MADE

/// The known values that rows are drawn with, as they came: all these rows have them so.
package struct GivenCells: Sendable {
    /// Of each column that is read; nil of one that is drawn.
    let cells: [SentCell?]
    /// Of each column of dates that is given its time, seconds since 1970; NaN of the others.
    let seconds: [Double]

    init(cells: [SentCell?], seconds: [Double]) {
        self.cells = cells
        self.seconds = seconds
    }

    /// The cells of `row`, a row of `columns`, whose values are known.
    package init(_ row: SentRow, of columns: SentColumns) {
        let ranges = columns.schema.table.variableRanges
        let cells = columns.places.indices.map { column -> SentCell? in
            guard let place = columns.places[column], !row.values[ranges[column].lowerBound].isNaN else { return nil }
            return row.cells[place]
        }
        self.init(cells: cells, seconds: zip(cells, row.seconds).map { $0 == nil ? .nan : $1 })
    }
}
