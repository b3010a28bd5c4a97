import RawHTTP
import Testing

@testable import DensityService

/// Between the wish to stop and the stop everything is answered, but by those who tell balancers.
@Test func whoDrainsSaysSoAndAnswersOn() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let client = try service.client()
    #expect(try client("GET", "/readyz").status == 200)
    #expect(try client("GET", "/metrics").text.contains("\nmade_ready 1\n"))
    service.service.drain()
    for path in ["/readyz", "/health", "/ping", "/v2/health/ready"] {
        #expect(try client("GET", path).status == 503, "\(path)")
    }
    #expect(try client("GET", "/livez").status == 200)
    #expect(try client("GET", "/metrics").text.contains("\nmade_ready 0\n"))
    for _ in 0..<3 {
        #expect(try client.post("/score", body([[0, 1, 1]])).status == 200, "over the connection that there is")
        let answer = try service.post("/score", body([[0, 1, 1]]))
        #expect(answer.status == 200 && answer.header("Connection") != "close", "and over a new one")
    }
}
