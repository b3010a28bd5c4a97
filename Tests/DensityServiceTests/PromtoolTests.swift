import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// Where Prometheus' own checker is; nil where it is not installed.
private let promtool = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map { "\($0)/promtool" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

@Test(.enabled(if: promtool != nil, "promtool is not installed (Debian's package prometheus has it)"))
func promtoolHasNothingToSay() throws {
    let service = try TestService([randomModel("a \"b\"\\", variables: 3, calibrated: true), randomModel("m")])
    _ = try service.post("/models/m/score", "{}")
    _ = try service.post("/models/m/score", body(randomRows(100, variables: 6, seed: 1)))
    _ = try service.post("/models/a%20%22b%22%5C/score", body(randomRows(100, variables: 3, seed: 1)))
    _ = try service.get("/models/m/sample?n=2")
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: try #require(promtool))
    process.arguments = ["check", "metrics"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(service.get("/metrics").body))
    try input.fileHandleForWriting.close()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && said.isEmpty, "\(String(decoding: said, as: UTF8.self))")
}
