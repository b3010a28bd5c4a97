internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

/// Which rows to draw, and how to write them.
struct SampleRequest: RowFields, Sendable {
    /// How rows are written.
    enum Format: String, CaseIterable {
        case json, ndjson, csv

        var mediaType: MediaType {
            switch self {
            case .json: .json
            case .ndjson: .ndjson
            case .csv: .csv
            }
        }
    }

    var count = 1
    var seed: UInt64
    var temperature = 1.0
    var writesObjects = false
    var format = Format.json
    /// The answer's `Content-Type`.
    var mediaType = MediaType.json.rawValue
    /// [D], encoded, NaN where a variable is to be drawn; empty without evidence.
    var evidence: [Float] = []
    /// The same as it came, which is how it comes back.
    var given: GivenCells?
    /// Of the evidence.
    private(set) var ignoresUnknown = false

    static let fieldNames = ["n", "seed", "temperature", "as", "ignore_unknown"]
    static let queryNames = ["n", "seed", "format", "temperature", "as"]
    /// Seeds that are drawn here: all that a double holds exactly, for clients that know no other numbers.
    static let drawnSeeds: ClosedRange<UInt64> = 0...(1 << 53 - 1)

    /// One row with a fresh seed.
    init() {
        seed = .random(in: Self.drawnSeeds)
    }

    /// Reads the query, all of whose names are among `queryNames`.
    ///
    /// - Throws: 400 for a value that is not of its type, 422 for one out of range.
    mutating func read(_ query: [(name: String, value: String)], limit: Int) throws(Problem) {
        for (name, value) in query {
            let wrong = { (what: String) in Problem(400, "'\(name)' is \(quoted(value)); it must be \(what)") }
            switch name {
            case "n":
                guard !value.hasPrefix("+"), let number = Int(value) else { throw wrong("a whole number") }
                try set(count: number, limit: limit, pointer: nil)
            case "seed":
                guard let number = wholeNumber(value) else { throw wrong("a whole number below 2^64") }
                seed = number
            case "temperature":
                guard let number = decimalNumber(value) else { throw wrong("a number") }
                try set(temperature: number, pointer: nil)
            case "as": try set(form: value, pointer: nil)
            default:
                guard let format = Format(rawValue: value) else { throw wrong("json, ndjson or csv") }
                self.format = format
            }
        }
    }

    /// Reads the fields that a scan of a body handed back.
    mutating func read(_ scan: made_scan, limit: Int) throws(Problem) {
        let fields = try OptionReader(scan, names: Self.fieldNames, rowsMember: "given")
        if let count = try fields.value("n", Int.self, mustBe: "a whole number") {
            try set(count: count, limit: limit, pointer: "/n")
        }
        if let seed = try fields.value("seed", UInt64.self, mustBe: "a whole number below 2^64") { self.seed = seed }
        if let temperature = try fields.value("temperature", Double.self, mustBe: "a number") {
            try set(temperature: temperature, pointer: "/temperature")
        }
        if let form = try fields.value("as", String.self, mustBe: "a string") { try set(form: form, pointer: "/as") }
        ignoresUnknown = try fields.value("ignore_unknown", mustBe: "true or false") ?? false
    }

    private mutating func set(count: Int, limit: Int, pointer: String?) throws(Problem) {
        guard (1...limit).contains(count) else {
            throw Problem(422, "'n' is \(count); it must be 1 to \(limit) (sample-rows-max)", pointer: pointer)
        }
        self.count = count
    }

    private mutating func set(temperature: Double, pointer: String?) throws(Problem) {
        guard temperature >= 0.001, temperature <= 1000 else {
            throw Problem(422, "'temperature' is \(temperature); it must be 0.001 to 1000", pointer: pointer)
        }
        self.temperature = temperature
    }

    private mutating func set(form: String, pointer: String?) throws(Problem) {
        guard form == "arrays" || form == "objects" else {
            throw Problem(422, "'as' is \(quoted(form)); it must be \"arrays\" or \"objects\"", pointer: pointer)
        }
        writesObjects = form == "objects"
    }

    /// Draws the rows and writes them.
    func reply(model: LoadedModel, using workspace: CompiledModel.Workspace) -> Reply {
        let samples = model.compiled.sample(
            SamplingRequest(count: count, seed: seed, evidence: evidence, temperature: Float(temperature)),
            using: workspace)
        let writer = SampleWriter(
            samples: samples, text: model.text, variableCount: model.card.variables.count, seed: seed, given: given,
            writesObjects: writesObjects)
        let body =
            switch format {
            case .json: writer.json(nameMembers: model.nameMembers)
            case .ndjson: writer.ndjson()
            case .csv: writer.csv()
            }
        var reply = Reply(status: 200, headers: [("Content-Type", mediaType)], body: body)
        // The other formats have no place for it.
        if format != .json { reply.addHeader("X-Seed", String(seed)) }
        return reply
    }
}
