/// Rows of bits, 64 a word: which inputs, or variables, reach each unit.
struct BitMatrix {
    let columns: Int
    private let wordsPerRow: Int
    private var words: [UInt64]

    init(rows: Int, columns: Int) {
        self.columns = columns
        wordsPerRow = (columns + 63) / 64
        words = [UInt64](repeating: 0, count: rows * wordsPerRow)
    }

    /// Row i holds bit i alone.
    static func identity(count: Int) -> BitMatrix {
        var matrix = BitMatrix(rows: count, columns: count)
        for index in 0..<count { matrix[index, index] = true }
        return matrix
    }

    subscript(row: Int, column: Int) -> Bool {
        get { words[row * wordsPerRow + column / 64] >> (column % 64) & 1 == 1 }
        set {
            let bit: UInt64 = 1 << (column % 64)
            if newValue {
                words[row * wordsPerRow + column / 64] |= bit
            } else {
                words[row * wordsPerRow + column / 64] &= ~bit
            }
        }
    }

    /// The columns whose bit is set in `row`, ascending.
    func columns(ofRow row: Int) -> [Int] {
        (0..<columns).filter { self[row, $0] }
    }

    /// The boolean product mask · self: row i is the union of the rows j that `mask` [out × rows] connects to i.
    func reached(through mask: Matrix) -> BitMatrix {
        var result = BitMatrix(rows: mask.rows, columns: columns)
        result.words.withUnsafeMutableBufferPointer { reached in
            words.withUnsafeBufferPointer { words in
                for output in 0..<mask.rows {
                    for input in 0..<mask.columns where mask[output, input] != 0 {
                        for word in 0..<wordsPerRow {
                            reached[output * wordsPerRow + word] |= words[input * wordsPerRow + word]
                        }
                    }
                }
            }
        }
        return result
    }
}
