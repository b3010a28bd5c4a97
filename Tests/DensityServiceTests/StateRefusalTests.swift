import Foundation
import Microhttpd
import RawHTTP
import Synchronization
import Testing

@testable import DensityService

/// Statuses that only a service in a special state answers.
let stateStatuses: Set<Int> = [500, 503, 504]

private let row = #"{"rows":[[0,1,0]]}"#

/// Loses every request, as a fault of the service would.
private final class LosingLoop: LoopHandler {
    private let loop: ServiceLoop

    init(core: ServiceCore) { loop = ServiceLoop(core: core, index: 0) }

    func match(path: String) -> RouteMatch { loop.match(path: path) }
    func receive(_ exchange: Exchange) {}
    func endOfTurn() {}
    func reply(to refusal: Refusal, requestID: String?) -> Reply { loop.reply(to: refusal, requestID: requestID) }
}

/// Parts of a service, for what no client of a whole one can bring about.
private func withLoop<Result>(
    _ makeLoop: @escaping @Sendable (ServiceCore) -> any LoopHandler, _ body: (ServiceCore, Server) throws -> Result
) throws -> Result {
    let files = try TestService([randomModel("model", variables: 3)])
    let null = open("/dev/null", O_WRONLY)
    let core = try ServiceCore(
        paths: [files.path(of: "model")], options: ServiceOptions(), sink: LogSink(descriptor: null))
    let server = try Server(options: ServerOptions(port: 0, loopCount: 1)) { _ in makeLoop(core) }
    server.start()
    defer { server.stop(grace: .seconds(5)) }
    return try body(core, server)
}

@Test func aFaultOfOursIs500WithoutInternals() throws {
    try withLoop {
        LosingLoop(core: $0)
    } _: { _, server in
        for (path, type) in [("/score", "application/problem+json"), ("/v2/models/model/infer", "application/json")] {
            let response = try Client(port: server.port)(
                "POST", path, headers: ["Content-Type: application/json", "X-Request-ID: q1"], body: row)
            #expect(response.status == 500 && response.header("Content-Type") == type)
            #expect(response.header("X-Request-ID") == "q1")
            #expect(response.text.contains("the request could not be answered"))
        }
    }
}

@Test func aServiceThatIsGoingAwaySaysSo() throws {
    try withLoop {
        ServiceLoop(core: $0, index: 0)
    } _: { core, server in
        let client = try Client(port: server.port)
        #expect(try client("GET", "/readyz").status == 200)
        core.isDraining.store(true, ordering: .relaxed)
        for path in ["/readyz", "/health", "/ping", "/v2/health/ready"] {
            let response = try client("GET", path)
            #expect(response.status == 503 && response.header("Retry-After") == "1", "\(path)")
            #expect(try client("HEAD", path).status == 503)
        }
        for path in ["/livez", "/v2/health/live"] {
            let response = try client("GET", path)
            #expect(response.status == 200 && response.header("Retry-After") == nil)
        }
        // Who comes all the same is answered.
        #expect(try client.post("/score", row).status == 200)
    }
}

@Test func aModelThatIsNotReadyIs503() throws {
    let service = try TestService([randomModel("model", variables: 3)])
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: service.path(of: "model")))
    try expectRefusals(
        [
            .init(path: "/models/model/reload", body: "", status: 422, detail: "the model stays as it was"),
            .init(path: "/v2/repository/models/model/load", body: "", status: 422, detail: "the model stays as it was"),
        ], by: service)
    #expect(try service.post("/v2/repository/models/model/unload", "").status == 200)
    let csv = ["Content-Type: text/csv"]
    try expectRefusals(
        [
            .init(body: row, status: 503, detail: "\"model\" is not ready"),
            .init(headers: csv, body: "v0,v1,v2\n", status: 503, detail: "is not ready"),
            .init(path: "/conditionals", body: row, status: 503, detail: "is not ready"),
            .init(method: "GET", path: "/sample", status: 503, detail: "is not ready"),
            .init(method: "GET", path: "/models/model", status: 503, detail: "is not ready"),
            .init(path: "/invocations", body: row, status: 503, detail: "is not ready"),
            .init(path: "/v1/models/model:predict", body: "{}", status: 503, detail: "is not ready"),
            .init(path: "/v2/models/model/infer", body: "{}", status: 503, detail: "is not ready"),
            .init(method: "GET", path: "/v2/models/model/ready", status: 503, detail: "is not ready"),
        ], by: service)
    #expect(try service.get("/health").status == 503)
}

@Test func aFullQueueIs503() async throws {
    let service = try TestService([randomModel("model", variables: 3)]) { options in
        options.inlineBudget = 0
        options.workers = 1
        options.queueRowsMax = 10
        // What is queued waits so long for more: nothing here depends on how fast anybody is.
        options.delayMax = 1_000_000
    }
    let first = try service.client()
    try first.send("POST", "/score", body: Array(body(randomRows(8, variables: 3, seed: 1)).utf8))
    while try !service.get("/metrics").text.contains(#"made_queue_rows{model="model",version="1"} 8"#) {}
    let eight = body(randomRows(8, variables: 3, seed: 2))
    try expectRefusals(
        [
            .init(body: eight, status: 503, detail: "too many rows wait"),
            .init(path: "/conditionals", body: eight, status: 503, detail: "too many rows wait"),
            .init(
                path: "/v1/models/model:predict", body: eight.replacing("rows", with: "instances"), status: 503,
                detail: "too many rows wait"),
            .init(method: "GET", path: "/sample?n=8", status: 503, detail: "too many rows wait"),
            .init(
                headers: ["Content-Type: application/x-ndjson"], body: "[0,1,0]", status: 503,
                detail: "too many rows wait"),
        ], by: service)
    #expect(try await first.lateReply().status == 200)
}

@Test func aDeadlineIs504() throws {
    let service = try TestService([randomModel("model", variables: 3)]) { options in
        options.inlineBudget = 0
        options.workers = 1
        options.delayMax = 100_000
    }
    let late = ["X-Timeout-Ms: 1"]
    for refused in [
        Refused(headers: late, body: row, status: 504, detail: "X-Timeout-Ms"),
        Refused(
            headers: late + ["Content-Type: application/x-ndjson"], body: "[0,1,0]", status: 504, detail: "deadline"),
        Refused(method: "GET", path: "/sample?n=2", headers: late, status: 504, detail: "deadline"),
        Refused(
            path: "/v1/models/model:predict", headers: late, body: row.replacing("rows", with: "instances"),
            status: 504,
            detail: "deadline"),
    ] {
        try expectRefusals([refused], by: service)
    }
}
