internal import CRows
internal import MADE
internal import MADERows

/// How the values that rows lack are filled in.
struct ImputeRequest: RowFields, Sendable {
    let method: ImputationMethod
    let ignoresUnknown: Bool

    static let fieldNames = ["method", "draws", "seed", "ignore_unknown"]

    /// - Throws: 400 for a field of the wrong type, 422 for one out of its range, or without a meaning here.
    init(_ scan: made_scan) throws(Problem) {
        let fields = try OptionReader(scan, names: Self.fieldNames, rowsMember: "rows")
        ignoresUnknown = try fields.value("ignore_unknown", mustBe: "true or false") ?? false
        let draws = try fields.value("draws", Int.self, mustBe: "a whole number")
        let seed = try fields.value("seed", UInt64.self, mustBe: "a whole number below 2^64")
        switch try fields.value("method", String.self, mustBe: "a string") {
        case nil, "best":
            guard draws == nil, seed == nil else {
                let name = draws == nil ? "seed" : "draws"
                throw Problem(
                    422, "'\(name)' needs \"method\": \"draw\"; the best values are not drawn", pointer: "/\(name)")
            }
            method = .best
        case "draw":
            guard ImputationMethod.drawCounts.contains(draws ?? 1) else {
                throw Problem(
                    422,
                    "'draws' is \(draws ?? 1); it must be \(ImputationMethod.drawCounts.lowerBound) to \(ImputationMethod.drawCounts.upperBound)",
                    pointer: "/draws")
            }
            method = .draw(count: draws ?? 1, seed: seed ?? .random(in: SampleRequest.drawnSeeds))
        case let other?:
            throw Problem(
                422, "'method' is \(quoted(other)); it must be \"best\" or \"draw\"", pointer: "/method")
        }
    }
}
