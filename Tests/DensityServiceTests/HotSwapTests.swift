import Foundation
import MADE
import Microhttpd
import RawHTTP
import Synchronization
import Testing

@testable import DensityService

/// Whether the loops compute what these requests ask for, or the queues' workers.
private let budgets = [1_000_000_000, 0, 50]

@Test(arguments: budgets) func reloadsUnderLoadLoseNoRequest(inlineBudget: Int) throws {
    let models = ["a", "b"].map { randomModel($0, variables: 12, hidden: [40], seed: 7) }
    let service = try TestService(models) { options in
        options.inlineBudget = inlineBudget
        options.batchRowsMax = 16
    }
    let rows = randomRows(64, variables: 12, seed: 3)
    let bodies = [body([rows[0]]), body(rows)]
    let expected = try bodies.map { text in
        try ["a", "b"].map { try service.post("/models/\($0)/score", text).text }
    }
    let port = service.service.port
    let isOver = Flag()
    // Three clients of each model, one of them with batches, and one that reloads.
    let counts = try concurrently(7) { number -> Int in
        let client = try TestClient(port: port)
        if number == 6 {
            defer { isOver.set() }
            for turn in 0..<100 {
                let answer = try client.post("/models/\(turn % 2 == 0 ? "a" : "b")/reload", "")
                #expect(answer.status == 200, "\(answer.text)")
            }
            return 100
        }
        let (model, size) = (number % 2, number / 2 == 0 ? 1 : 0)
        var count = 0
        repeat {
            let answer = try client.post("/models/\(["a", "b"][model])/score", bodies[size])
            #expect(answer.text == expected[size][model])
            count += 1
        } while !isOver.isSet
        return count
    }
    #expect(counts.allSatisfy { $0 > 0 })
    let metrics = try service.get("/metrics").text
    #expect(metrics.contains(#"made_model_loads_total{outcome="ready"} 102"#))
    #expect(metrics.contains("made_http_requests_total{route=\"/score\",status=\"200\"} \(counts[..<6].reduce(4, +))"))
}

@Test(arguments: budgets) func aModelThatWasReplacedGoesWithItsLastRequest(inlineBudget: Int) throws {
    let files = try TestService([randomModel("m", variables: 12)])
    let null = open("/dev/null", O_WRONLY)
    var options = ServiceOptions()
    options.inlineBudget = inlineBudget
    let core = try ServiceCore(paths: [files.path(of: "m")], options: options, sink: LogSink(descriptor: null))
    let server = try Server(options: ServerOptions(port: 0, loopCount: 2)) { ServiceLoop(core: core, index: $0) }
    server.start()
    defer { server.stop(grace: .seconds(5)) }
    // Idle connections on both loops, each of which has worked with the model.
    let clients = try (0..<4).map { _ in try Client(port: server.port) }
    let text = body(randomRows(20, variables: 12, seed: 3))
    for client in clients { #expect(try client.post("/score", text).status == 200) }
    weak var old: LoadedModel?
    do { old = try core.registry.snapshot.model(named: "m") }
    #expect(old != nil)
    #expect(try Client(port: server.port).post("/models/m/reload", "").status == 200)
    // A worker lets go of its last batch a moment after the answer.
    let start = ContinuousClock.now
    while old != nil, ContinuousClock.now - start < .seconds(20) { sched_yield() }
    #expect(old == nil)
    for client in clients { #expect(try client.post("/score", text).status == 200) }
}

/// Set once, seen by all threads.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
