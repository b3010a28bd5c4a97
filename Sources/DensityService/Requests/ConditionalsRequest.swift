internal import MADE
internal import MADERows

/// Which conditionals of which rows to give.
struct ConditionalsRequest: Sendable {
    let model: LoadedModel
    /// [n × D], encoded, NaN where a value is not known; and the same as numbers.
    let rows: [Float]
    let numbers: [Double]
    let member: Int
    /// The asked variables of each row, none of whose predecessors is unknown.
    let asked: [[Int]]

    static let fieldNames = ["variables", "member"]
    /// An answer lists every known predecessor by name; more of it than this is refused.
    private static let answerBytesMax = 256 << 20

    var rowCount: Int { rows.count / model.card.variables.count }

    /// - Throws: 422 for a variable or member that the model does not have, and for a variable with an unknown predecessor.
    init(
        _ fields: OptionReader, rows: [Float], numbers: [Double], model: LoadedModel
    ) throws(Problem) {
        let card = model.card
        self.model = model
        self.rows = rows
        self.numbers = numbers
        member = try fields.value("member", mustBe: "a whole number") ?? 0
        guard card.orderings.indices.contains(member) else {
            throw Problem(
                422, "'member' is \(member); the model has members 0 to \(card.orderings.count - 1)", pointer: "/member"
            )
        }
        var named: [Int]?
        if let names = try fields.value("variables", [String].self, mustBe: "an array of strings") {
            named = []
            for (index, name) in names.enumerated() {
                guard let column = model.indices[name] else {
                    throw Problem(
                        422,
                        "\(quoted(name)) is not a variable of the model"
                            + suggestion(for: name, among: model.schema.columns.lazy.map(\.name)),
                        pointer: "/variables/\(index)")
                }
                named?.append(contentsOf: model.schema.columns[column].variables)
            }
        }
        let ordering = card.orderings[member]
        let count = card.variables.count
        var asked: [[Int]] = []
        for row in 0..<rows.count / count {
            let values = rows[row * count..<(row + 1) * count]
            let known = model.compiled.knownPrefixCount(of: values, member: member)
            for variable in named ?? [] where ordering.positions[variable] > known {
                throw Self.unknownPredecessors(of: variable, row: row, values: Array(values), ordering, card)
            }
            asked.append(named ?? Array(ordering.variables.prefix(known + 1)))
        }
        self.asked = asked
        try checkSize()
    }

    private func checkSize() throws(Problem) {
        let card = model.card
        let ordering = card.orderings[member]
        // Bytes of the names up to each position.
        var bytes = [0]
        for variable in ordering.variables {
            bytes.append((bytes.last ?? 0) + card.variables[variable].name.utf8.count + 3)
        }
        let sizes = card.variables.map(\.conditionalBytes)
        var total = 0
        for row in asked {
            for variable in row { total += sizes[variable] + bytes[ordering.positions[variable]] }
        }
        if total > Self.answerBytesMax {
            throw Problem(
                422,
                "the answer would take more than \(Self.answerBytesMax >> 20) MiB; send fewer rows, or name the variables",
                pointer: "/rows")
        }
    }

    private static func unknownPredecessors(
        of variable: Int, row: Int, values: [Float], _ ordering: Ordering, _ card: ModelCard
    ) -> Problem {
        let unknown = ordering.variables.prefix(ordering.positions[variable]).filter { values[$0].isNaN }
        let names = unknown.prefix(8).map { "'\(card.variables[$0].name)'" }.joined(separator: ", ")
        return Problem(
            422,
            "rows[\(row)]: the conditional of '\(card.variables[variable].name)' needs the values of \(names)"
                + (unknown.count > 8 ? " and \(unknown.count - 8) more" : "")
                + ", which come before it in this member's ordering",
            pointer: "/rows/\(row)")
    }
}

extension Variable {
    /// About how many bytes its conditional takes in an answer, the names of its predecessors aside.
    fileprivate var conditionalBytes: Int {
        switch kind {
        case .binary: 100
        case .categorical(let categories): categories.labels.reduce(100) { $0 + $1.utf8.count + 26 }
        case .real: 280
        }
    }
}
