import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// The least and the greatest of what a number's setting takes, as its documentation has them.
private func bounds(_ setting: Setting) -> [String] {
    if let range = setting.takes.firstMatch(of: #/^a (?:whole )?number, (\d+) to (\d+)$/#) {
        return [String(range.1), String(range.2)]
    }
    if let limit = setting.takes.firstMatch(of: #/^a number above 0 and at most (\d+)$/#) {
        return ["5e-324", String(limit.1)]
    }
    return []
}

/// Whatever a setting takes, the service answers with it: nothing that is computed from it overflows.
@Test func theBoundsOfEveryNumberServe() throws {
    let numbers = ServiceOptions.settings.filter { !bounds($0).isEmpty && $0.name != "port" }
    #expect(numbers.count > 25)
    for setting in numbers {
        for value in bounds(setting) {
            // Nothing can be read in no time, and it serves nothing then.
            if setting.name == "model-read-seconds-max", value == "5e-324" { continue }
            let service = try TestService([randomModel("m", variables: 3)]) { options in
                #expect(setting.apply(&options, [value]), "\(setting.name) \(value)")
                // A stop that takes a day is not what this is about.
                if setting.name != "grace-seconds" { options.graceSeconds = 1 }
            }
            // The least times are over before a request has come.
            guard value != "5e-324" else { continue }
            #expect(try service.get("/livez").status == 200, "\(setting.name) \(value)")
            _ = try service.post("/score", body([[0, 1, 1]]))
            #expect(try service.get("/metrics").status == 200, "\(setting.name) \(value)")
        }
    }
}

/// Each rate with each burst.
@Test(arguments: ["5e-324", "0.05421010865", "1", "1000000000"])
func everyRateServesWithEveryBurst(rate: String) throws {
    for burst in ["0", "1", "1000000000"] {
        let configuration = try Configuration(
            flags: ["address-rate-max": [rate], "address-burst-max": [burst]], environment: [:], file: nil)
        let service = try TestService([randomModel("m", variables: 3)]) {
            $0.addressRateMax = configuration.options.addressRateMax
            $0.addressBurstMax = configuration.options.addressBurstMax
        }
        #expect(try service.get("/models").status == 200, "\(rate) \(burst)")
        let second = try service.get("/models")
        #expect([200, 429].contains(second.status), "\(rate) \(burst)")
    }
}

@Test func aNumberIsItsDigits() throws {
    for setting in ServiceOptions.settings where !bounds(setting).isEmpty {
        let isWhole = setting.takes.hasPrefix("a whole")
        for value in ["+5", "5_0", "0x5", " 5", "5 ", "٥"] where isWhole || value != "+5" {
            #expect(throws: ServiceError.self, "\(setting.name) \(value)") {
                try Configuration(flags: [setting.name: [value]], environment: [:], file: nil)
            }
        }
    }
}
