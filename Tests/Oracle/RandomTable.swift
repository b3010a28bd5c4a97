import Foundation
import MADE
package import MADERows

/// Tables of all kinds of columns, spelled in many ways.
package struct RandomTable {
    /// One line a row, the header first.
    package private(set) var text: String
    package var options = SchemaOptions()
    package let names: [String]
    /// The cells as they were meant, without quotes and outer blanks [column][row].
    package let columns: [[String]]

    package init(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        func one<T>(_ choices: [T]) -> T { choices[Int(generator.next() % UInt64(choices.count))] }
        func whole(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
        let rowCount = one([1, 2, 7, 40, 150])
        let columnCount = 1 + whole(7)
        // A lone column shows no separator.
        let separator = columnCount == 1 ? "," : one([",", ",", ";", "\t", "|"])
        var columns: [[String]] = []
        var names: [String] = []
        for index in 0..<columnCount {
            let labels = (0...whole(9)).map {
                one(["a", "B ", "é", "e\u{301}", "x y", "0", "\"q\"", "NA", "-"]) + "\($0)"
            }
            let truths = one([["yes", "no"], ["True", "False"], ["t", "F"], ["0", "1"], ["0.0", "1"]])
            let decimals = whole(4)
            let missing = one(["", "NA", "?", "nan"])
            let share = one([0, 0, 10, 50])
            let kind = whole(12)
            let pad = one(["%02d", "%d"])
            let hasTime = whole(2) == 0
            names.append(one(["c\(index)", "größe \(index)", "a\"b\(index)", "x\(separator)\(index)"]))
            columns.append(
                (0..<rowCount).map { row in
                    if whole(100) < share { return missing }
                    let cents = whole(100_000) - 20_000
                    switch kind {
                    case 0: return one(labels)
                    case 1: return one(truths)
                    case 2: return "\(cents)"
                    case 3: return String(format: "%.\(decimals)f", Double(cents) / 1000)
                    case 4: return "\(Double(bitPattern: generator.next() >> 2))"
                    case 5: return "\(whole(4)).5"
                    case 6: return String(format: "%.2f", Double(cents) / 100).replacing(".", with: ",") + " €"
                    case 7: return "\(cents)".hasPrefix("-") ? "-$\(-cents)" : "$\(cents)"
                    case 8: return "\(1_700_000_000 + 60 * whole(500_000))"
                    case 9:
                        let day = String(format: "20%02d-%02d-%02d", 20 + whole(5), 1 + whole(12), 1 + whole(28))
                        return hasTime ? day + String(format: "T%02d:%02d:00Z", whole(24), whole(60)) : day
                    case 10:
                        let (month, day) = (1 + whole(12), 1 + whole(28))
                        return String(format: "\(pad)/\(pad)/2024 %02d:%02d", month, day, whole(24), whole(60))
                    default: return String(format: "%05d", 2000 + 17 * whole(12))
                    }
                })
        }
        func cell(_ text: String) -> String {
            let needsQuotes = text.unicodeScalars.contains { ["\"", "\n", Unicode.Scalar(separator)].contains($0) }
            guard needsQuotes || whole(6) == 0 && !text.isEmpty else { return whole(8) == 0 ? " \(text) " : text }
            return "\"" + text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
        }
        let end = one(["\n", "\r\n", "\r"])
        text = names.map(cell).joined(separator: separator) + end
        for row in 0..<rowCount { text += columns.map { cell($0[row]) }.joined(separator: separator) + end }
        self.names = names
        self.columns = columns
        options.labelRowsMin = one([1, 2, 5])
        options.missingTexts = one([[], ["?"], ["-1", "NA"]])
        options.header = .present
    }
}
