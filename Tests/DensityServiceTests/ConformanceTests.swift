import Foundation
import Testing

@testable import DensityService

/// The clients come from PyPI, into a folder beside the build; without a network the driver says which it skipped.
@Test func theClientsPeopleHaveWorkUnchanged() throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let service = try TestService([randomModel("m", calibrated: true), TableModel.model()]) { $0.defaultModel = "m" }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
        "python3", package.appendingPathComponent(".ci/client-conformance").path, service.service.url, "m",
        "table", package.appendingPathComponent(".build/client-conformance").path,
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    print(process.terminationStatus == 127 ? "skipped: there is no python3" : text)
    #expect([0, 127].contains(process.terminationStatus), "\(text)")
}
