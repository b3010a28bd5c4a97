internal import CRows
internal import MADE

/// How many rows of a table are kept.
package enum RowLimit: Equatable {
    /// At most so many, 1 or more.
    case rows(Int)
    /// As many as can be read and made ready for training in so many bytes.
    case bytes(Int)

    /// What a cell takes at the peak: as it was read, as a value of its column, in the rows of its part of the table, and
    /// encoded.
    package static let cellBytes = 3 * MemoryLayout<Double>.size + MemoryLayout<Float>.size

    /// Rows of `columnCount` columns that are kept at most.
    func rowsMax(columnCount: Int) -> Int {
        switch self {
        case .rows(let count): count
        case .bytes(let count): columnCount == 0 ? .max : max(1, count / (columnCount * Self.cellBytes))
        }
    }
}

/// A uniform random sample, without replacement, of rows that come one after the other: algorithm R of Vitter 1985, "Random
/// sampling with a reservoir". Row i, counted from 1, takes the place of a kept one with probability rowsMax / i.
///
/// Where no more rows come than it may keep, it keeps all of them in their order and draws nothing. It holds no more than
/// the kept rows and their numbers, however many come.
struct RowReservoir {
    /// Of each column, [kept]; in the order of the rows before any was drawn and after `sort`.
    private(set) var columns: [[Double]]
    /// Rows that came.
    private(set) var rowCount = 0
    /// Rows that are kept.
    private(set) var keptCount = 0
    private let limit: RowLimit
    private var rowsMax: Int
    /// Where each kept row stood, from 0; empty while all that came are kept in their order.
    private var rowNumbers: [Int] = []
    private var generator: PhiloxGenerator

    /// Draws that have nothing to do with those of training by the same seed.
    private static let stream: UInt64 = 0x726F_7773

    init(_ limit: RowLimit, seed: UInt64, columnCount: Int = 0) {
        self.limit = limit
        columns = [[Double]](repeating: [], count: columnCount)
        rowsMax = limit.rowsMax(columnCount: columnCount)
        generator = PhiloxGenerator(seed: seed, stream: Self.stream)
    }

    /// Whether rows came that are not kept.
    var isSampled: Bool { keptCount < rowCount }

    /// Bytes that are held for rows.
    var heldByteCount: Int {
        columns.reduce(rowNumbers.capacity * MemoryLayout<Int>.size) { sum, column in
            sum + column.capacity * MemoryLayout<Double>.size
        }
    }

    /// Makes room for `count` rows, of which no more are kept than may be. Room that nothing is written to costs no memory.
    mutating func reserve(_ count: Int) {
        for column in columns.indices { columns[column].reserveCapacity(min(count, rowsMax)) }
    }

    /// Takes the next `count` rows [count × columns]. Columns that are new are missing in the rows before.
    mutating func add(_ rows: UnsafeBufferPointer<Double>, rowCount count: Int) {
        guard count > 0 else { return }
        let width = rows.count / count
        if width > columns.count { widen(to: width) }
        let room = min(count, rowsMax - keptCount)
        fill(UnsafeBufferPointer(rebasing: rows[..<(room * width)]), rowCount: room)
        if room < count { numberRows() }
        for row in room..<count {
            // Of all rows up to this one.
            let place = Int.random(in: 0..<rowCount + row - room + 1, using: &generator)
            guard place < rowsMax else { continue }
            rowNumbers[place] = rowCount + row - room
            for column in columns.indices { columns[column][place] = rows[row * width + column] }
        }
        rowCount += count - room
    }

    /// Puts the kept rows into the order in which they came.
    mutating func sort() {
        guard !rowNumbers.isEmpty else { return }
        let order = rowNumbers.indices.sorted { rowNumbers[$0] < rowNumbers[$1] }
        rowNumbers.sort()
        for column in columns.indices {
            let values = columns[column]
            columns[column] = order.map { values[$0] }
        }
    }

    private mutating func fill(_ rows: UnsafeBufferPointer<Double>, rowCount count: Int) {
        let width = columns.count
        for column in columns.indices {
            if columns[column].capacity < keptCount + count {
                // Twice what there is, but no more than will be kept.
                reserve(column, max(2 * columns[column].capacity, keptCount + count))
            }
            columns[column].append(
                contentsOf: stride(from: column, to: rows.count, by: width).lazy.map { rows[$0] })
        }
        keptCount += count
        rowCount += count
    }

    private mutating func reserve(_ column: Int, _ count: Int) {
        columns[column].reserveCapacity(min(count, rowsMax))
    }

    private mutating func numberRows() {
        if rowNumbers.isEmpty { rowNumbers = Array(0..<keptCount) }
    }

    /// Of wider rows fewer may fit: a uniform sample of a uniform sample is one.
    private mutating func widen(to width: Int) {
        rowsMax = limit.rowsMax(columnCount: width)
        if keptCount > rowsMax {
            numberRows()
            while keptCount > rowsMax {
                let place = Int.random(in: 0..<keptCount, using: &generator)
                keptCount -= 1
                rowNumbers.swapAt(place, keptCount)
                for column in columns.indices { columns[column].swapAt(place, keptCount) }
            }
            // A copy gives back the room of the others.
            rowNumbers = Array(rowNumbers[..<keptCount])
            for column in columns.indices { columns[column] = Array(columns[column][..<keptCount]) }
        }
        let missing = Double(bitPattern: UInt64(MADE_MISSING_BITS))
        columns += (columns.count..<width).map { _ in [Double](repeating: missing, count: keptCount) }
    }
}
