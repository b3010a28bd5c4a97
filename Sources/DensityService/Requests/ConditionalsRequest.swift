internal import CRows
internal import MADE
internal import MADERows

/// Which conditionals of which rows to give.
struct ConditionalsRequest: Sendable {
    /// What the variables of a row are given.
    enum Given: Sendable, Equatable {
        /// The variables before each in the ordering of a member.
        case predecessors(member: Int)
        /// All other values of the row.
        case others
    }

    let model: LoadedModel
    /// [n × D], encoded, NaN where a value is not known; and the same as numbers.
    let rows: [Float]
    let numbers: [Double]
    let given: Given
    /// The asked variables of each row, none of which lacks what it needs.
    let asked: [[Int]]

    static let fieldNames = ["variables", "member", "given", "ignore_unknown"]

    /// What a request says beside its rows.
    struct Fields: RowFields {
        fileprivate let names: [String]?
        fileprivate let member: Int?
        fileprivate let given: String?
        let ignoresUnknown: Bool

        /// - Throws: 400 for a field of the wrong type, or an unknown one.
        init(_ scan: made_scan) throws(Problem) {
            let fields = try OptionReader(scan, names: fieldNames, rowsMember: "rows")
            names = try fields.value("variables", mustBe: "an array of strings")
            member = try fields.value("member", mustBe: "a whole number")
            given = try fields.value("given", mustBe: "a string")
            ignoresUnknown = try fields.value("ignore_unknown", mustBe: "true or false") ?? false
        }
    }

    /// An answer lists all that each variable is given by name; more of it than this is refused.
    private static let answerBytesMax = 256 << 20

    var rowCount: Int { rows.count / model.card.variables.count }

    /// Complete rows that stand for those whose cells are asked for, once for each cell.
    var completionCount: Int {
        let count = model.card.variables.count
        return asked.indices.reduce(0) { sum, row in
            sum + asked[row].count * model.compiled.completionCount(of: rows[row * count..<(row + 1) * count])
        }
    }

    /// - Throws: 422 for a variable or member that the model does not have, and for a variable with an unknown predecessor.
    init(
        _ fields: Fields, rows: [Float], numbers: [Double], model: LoadedModel
    ) throws(Problem) {
        self.model = model
        self.rows = rows
        self.numbers = numbers
        given = try Self.given(fields, model.card)
        let named = try Self.named(fields.names, model)
        let count = model.card.variables.count
        var asked: [[Int]] = []
        for row in 0..<rows.count / count {
            let values = rows[row * count..<(row + 1) * count]
            switch given {
            case .others: asked.append(named ?? Array(0..<count))
            case .predecessors(let member):
                asked.append(try Self.known(named, of: values, row: row, member: member, model))
            }
        }
        self.asked = asked
        try checkSize()
    }

    private static func given(_ fields: Fields, _ card: ModelCard) throws(Problem) -> Given {
        let member = fields.member
        switch fields.given {
        case nil, "predecessors": break
        case "others":
            if member == nil { return .others }
            throw Problem(
                422, "'member' chooses an ordering, and \"given\": \"others\" needs none; leave it out",
                pointer: "/member")
        case let other?:
            throw Problem(
                422, "'given' is \(quoted(other)); it must be \"predecessors\" or \"others\"", pointer: "/given")
        }
        guard card.orderings.indices.contains(member ?? 0) else {
            throw Problem(
                422, "'member' is \(member ?? 0); the model has members 0 to \(card.orderings.count - 1)",
                pointer: "/member")
        }
        return .predecessors(member: member ?? 0)
    }

    /// The variables of the columns that are asked for by name; nil where none is.
    private static func named(_ names: [String]?, _ model: LoadedModel) throws(Problem) -> [Int]? {
        guard let names else { return nil }
        var named: [Int] = []
        for (index, name) in names.enumerated() {
            guard let column = model.indices[name] else {
                throw Problem(
                    422,
                    "\(quoted(name)) is not a variable of the model"
                        + suggestion(for: name, among: model.schema.columns.lazy.map(\.name)),
                    pointer: "/variables/\(index)")
            }
            named.append(contentsOf: model.schema.columns[column].variables)
        }
        return named
    }

    /// What of `named`, else of all variables, has no unknown predecessor.
    private static func known(
        _ named: [Int]?, of values: ArraySlice<Float>, row: Int, member: Int, _ model: LoadedModel
    ) throws(Problem) -> [Int] {
        let ordering = model.card.orderings[member]
        let known = model.compiled.knownPrefixCount(of: values, member: member)
        for variable in named ?? [] where ordering.positions[variable] > known {
            throw Self.unknownPredecessors(of: variable, row: row, values: Array(values), ordering, model.card)
        }
        return named ?? Array(ordering.variables.prefix(known + 1))
    }

    private func checkSize() throws(Problem) {
        let card = model.card
        let nameBytes = card.variables.map { $0.name.utf8.count + 3 }
        // Bytes of the names that a variable is given, at most.
        var givenBytes = [Int](repeating: nameBytes.reduce(0, +), count: nameBytes.count)
        if case .predecessors(let member) = given {
            var sum = 0
            for variable in card.orderings[member].variables {
                givenBytes[variable] = sum
                sum += nameBytes[variable]
            }
        }
        let sizes = card.variables.map(\.conditionalBytes)
        var total = 0
        for row in asked {
            for variable in row { total += sizes[variable] + givenBytes[variable] }
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
                + ", which come before it in this member's ordering; \"given\": \"others\" needs none",
            pointer: "/rows/\(row)")
    }
}

extension Variable {
    /// About how many bytes its conditional takes in an answer, the names of what it is given aside.
    fileprivate var conditionalBytes: Int {
        switch kind {
        case .binary: 100
        case .categorical(let categories):
            (categories.labels + categories.rareLabels).reduce(100) { $0 + $1.utf8.count + 26 }
        case .real: 280
        }
    }
}
