internal import CRows
internal import Glibc
internal import MADE

/// One column of a table while it is decided on: what its cells are, and what they look like.
struct ColumnShape {
    let name: String
    let choice: SchemaOptions.Choice?
    let texts: [TableScanner.Text]
    let facts: made_table_column_facts
    /// How its numbers are written.
    let form: Schema.NumberForm
    /// Whether `texts` and `facts` are of more rows than are kept.
    var isSampled = false
    /// By which order dates were read that do not tell.
    var dateOrder = MADE_USUAL_ORDER
    /// Texts of it that stand for a missing value.
    var missing: Set<String> = []

    /// Those that are numbers, by their value.
    var missingNumbers: [Double: String] {
        let digits = missing.filter { $0.utf8.contains { (48...57).contains($0) } }
        let numbers = digits.compactMap { text in NumberText.number(text, form: form).map { ($0, text) } }
        return [Double: String](numbers) { min($0, $1) }
    }
    /// Texts that stand for a value.
    var present: [TableScanner.Text] { texts.filter { !missing.contains($0.text) } }
    /// How a cell that was read as a number or a date was written.
    func text(_ number: Double) -> String {
        facts.date_facts == 0
            ? NumberText.text(number) : DateText.text(number, form: ClockInference.form(ofDates: facts))
    }
    /// Of those the ones that are no number.
    var words: [TableScanner.Text] { present.filter { $0.number == nil } }
    /// Cells that are numbers.
    var numberRowCount: Int { facts.number_count + texts.reduce(0) { $0 + ($1.number == nil ? 0 : $1.count) } }
    /// Cells that hold a value.
    var presentRowCount: Int { facts.number_count + facts.lost_text_count + present.reduce(0) { $0 + $1.count } }
    /// Different numbers among the texts; a column of more has them as numbers alone.
    var numberTextCount: Int { texts.count { $0.number != nil } }

    /// Whether it is a column of numbers or dates in which a few cells are none: at most a tenth, where numbers are many.
    var isMostlyNumbers: Bool {
        let words = words
        let wordRowCount = words.reduce(0) { $0 + $1.count } + facts.lost_text_count
        if words.contains(where: \.isCode) { return false }
        let hasManyNumbers = facts.number_count > 0 || facts.date_facts != 0 || numberTextCount >= 20
        return hasManyNumbers && numberRowCount >= 10 * wordRowCount
    }

    /// Whether no number of it is anything but 0 or 1.
    var isBinary: Bool {
        facts.number_count == 0 && present.allSatisfy { $0.number == 0 || $0.number == 1 }
    }

    /// The texts for 0 and 1, the commonest of each, where all its values are words for them, or some are and the others are
    /// the numbers.
    var truthTexts: (no: String, yes: String)? {
        guard facts.number_count == 0, facts.lost_text_count == 0 else { return nil }
        for family in [(no: ["false", "f"], yes: ["true", "t"]), (no: ["no", "n"], yes: ["yes", "y"])] {
            let sides = present.map { text -> Bool? in
                if let number = text.number { return number == 0 ? false : number == 1 ? true : nil }
                let word = text.text.lowercased()
                return family.no.contains(word) ? false : family.yes.contains(word) ? true : nil
            }
            guard !sides.isEmpty, !sides.contains(nil) else { continue }
            func commonest(_ side: Bool, else word: String) -> String {
                zip(present, sides).filter { $0.1 == side && $0.0.number == nil }.max { $0.0.count < $1.0.count }?
                    .0.text ?? word
            }
            return (commonest(false, else: family.no[0]), commonest(true, else: family.yes[0]))
        }
        return nil
    }

    /// Whether some kept row has a value; `values` are those of the kept rows.
    func hasValue(_ values: [Double]) -> Bool {
        guard isSampled else { return presentRowCount > 0 }
        return present.contains { $0.keptCount > 0 }
            || values.contains { !$0.isNaN || $0.bitPattern == UInt64(MADE_LOST_TEXT_BITS) }
    }

    /// Whether its labels, `labelCount` different ones of `rowCount` rows, name rows: more than half as many as rows.
    func isIdentifier(labelCount: Int, rowCount: Int) -> Bool {
        if facts.lost_text_count > 0 && !isMostlyNumbers { return true }
        return rowCount >= 20 && 2 * labelCount > rowCount
    }

    /// Whether its whole numbers name rows: they rise with the rows; or they never repeat, though so many drawn from their
    /// range would (the expected number of equal pairs is n² / 2 range), or though they look like account numbers, which
    /// have one width.
    var isIdentifier: Bool {
        guard presentRowCount >= 20 else { return false }
        guard facts.is_decimal, facts.decimals == 0, facts.digits_max > 0, words.isEmpty else { return false }
        if facts.is_rising { return true }
        guard facts.number_count > 0 ? unrepeatedCount != nil : numberTextCount == presentRowCount else { return false }
        // Of a sample those of the rows that are not kept may repeat.
        let count = Double(min(presentRowCount, unrepeatedCount ?? presentRowCount))
        let isNarrow = count * count / 2 >= 10 * (facts.maximum - facts.minimum + 1)
        return isNarrow || (facts.digits_min == facts.digits_max && facts.digits_min >= 6)
    }

    /// Whether it is a column of whole numbers too many to have been counted: whether some repeat is then to be found out.
    var mayNeverRepeat: Bool {
        choice == nil && facts.number_count > 0 && facts.is_decimal && facts.decimals == 0 && facts.digits_max > 0
            && !facts.is_rising && words.isEmpty
    }
    /// How many were looked at, where none repeats.
    var unrepeatedCount: Int?

    /// Whether whole numbers are codes, as zip codes are: all of one width, each of many rows, and few of their neighbours
    /// among them.
    var isCodes: Bool {
        guard facts.number_count == 0, facts.is_decimal, facts.decimals == 0, facts.digits_min >= 3,
            facts.digits_min == facts.digits_max
        else { return false }
        let count = Double(numberTextCount)
        let unit = max(Double(abs(facts.divisor)), 1)
        let places = (facts.maximum - facts.minimum) / unit + 1
        return count >= 5 && Double(numberRowCount) >= 5 * count && count < 0.5 * places
    }
}
