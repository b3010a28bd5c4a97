import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// A row of the table of errors: a request, and how it is refused.
struct Refused: Sendable, CustomTestStringConvertible {
    var method = "POST"
    var path = "/score"
    var headers = ["Content-Type: application/json"]
    var body: String? = nil
    var status: Int
    /// Nil: the answer must have none.
    var pointer: String? = nil
    /// A part of the detail.
    var detail: String
    var allow: String? = nil

    var testDescription: String { "\(method) \(path) \(headers) \(body?.prefix(120) ?? "") → \(status)" }

    /// Whether its error is `{"error": …}`, as the inference protocols have it.
    fileprivate var isOfAProtocol: Bool { ["v1", "v2"].contains(path.split(separator: "/").first) }
}

/// All that can be wrong; what needs a service in a special state is in StateRefusalTests, what is no HTTP in
/// WireRefusalTests.
let refusals: [Refused] = nativeRefusals + routeRefusals + bulkRefusals + protocolRefusals + inferRefusals

/// Sends each request on a connection of its own and holds the answer against its row.
func expectRefusals(_ table: [Refused], by service: TestService) throws {
    for refused in table {
        let response = try service.client()(
            refused.method, refused.path, headers: refused.headers + ["X-Request-ID: q1"], body: refused.body)
        expect(response, is: refused)
    }
}

func expect(_ response: Response, is refused: Refused) {
    let comment = Comment(rawValue: "\(refused.testDescription): \(response.status) \(response.text)")
    #expect(response.status == refused.status, comment)
    #expect(response.header("X-Request-ID") == "q1", comment)
    #expect(response.header("Allow") == refused.allow, comment)
    #expect((response.header("Retry-After").flatMap(Int.init) ?? 0 > 0) == (refused.status == 503), comment)
    let type = refused.isOfAProtocol ? "application/json" : "application/problem+json"
    #expect(response.header("Content-Type") == type, comment)
    if refused.method == "HEAD" { return }
    var detail = ""
    if refused.isOfAProtocol {
        let fields = try? response.decode([String: String].self)
        #expect(fields?.keys.map { $0 } == ["error"], comment)
        detail = fields?["error"] ?? ""
    } else if let problem = try? response.decode(ProblemReply.self) {
        #expect(problem.status == refused.status && problem.type == "about:blank", comment)
        #expect(problem.title == Problem.title(of: refused.status) && problem.title != "Error", comment)
        #expect(problem.pointer == refused.pointer, comment)
        #expect(problem.requestId == "q1", comment)
        detail = problem.detail
    }
    #expect(!detail.isEmpty && detail.contains(refused.detail), comment)
    #expect(!detail.contains("byte -"), comment)
}

@Test func everyRefusalSaysWhatIsWrongAndWhere() throws {
    let models = [
        randomModel("model", variables: 3), randomModel("calibrated", variables: 3, calibrated: true),
        randomModel("six"),
    ]
    let service = try TestService(models) { options in
        options.defaultModel = "model"
        options.queueRowsMax = 200
        options.sampleRowsMax = 100
        options.bodyBytesMax = 65536
        options.bulkBytesMax = 65536
        options.bulkAnswerBytesMax = 2048
    }
    try expectRefusals(refusals, by: service)
    // What was refused has left no row behind.
    #expect(try service.post("/score", body([[0, 1, 0]])).decode(ScoreReply.self).logLikelihood.count == 1)
}

@Test func theTableHasARowForEveryStatus() throws {
    let statuses = Set(refusals.map(\.status)).union(wireStatuses).union(stateStatuses)
    let titled = (400...599).filter { Problem.title(of: $0) != "Error" }
    // Keys and rates are not known here: 401, 403 and 429 have tests of their own.
    #expect(statuses == Set(titled).subtracting([401, 403, 429]))
}

@Test func aBodyThatIsNotUTF8IsRefused() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    for (path, member) in [("/score", "rows"), ("/v2/models/m/infer", "inputs"), ("/invocations", "instances")] {
        let client = try service.client()
        try client.send("POST", path, body: Array(#"{"\#(member)":[],"x":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
        let response = try client.receive()
        #expect(response.status == 400)
        #expect(response.text.contains("not UTF-8 at byte \(member.count + 12)"), "\(response.text)")
    }
}
