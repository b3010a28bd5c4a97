import Dispatch
import Foundation
import Microhttpd
import RawHTTP
import Testing

/// How many processors the calling thread may run on, by what the kernel says of it.
@Sendable private func allowedCount() -> Int {
    let status = (try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
    return line.dropFirst("Cpus_allowed_list:".count).split(separator: ",").reduce(0) { count, range in
        let ends = range.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        return count + (ends.last ?? 0) - (ends.first ?? 0) + 1
    }
}

@Sendable private func report(_ exchange: Exchange) {
    let queue = DispatchQueue(label: "test")
    let own = allowedCount()
    queue.asyncAnywhere {
        exchange.reply(Reply(status: 200, headers: [], body: Array("\(own) \(allowedCount())".utf8)))
    }
}

struct ProcessorsTests {
    private func counts(loopCount: Int) throws -> String {
        try withServer(loopCount: loopCount, receive: report) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return String(decoding: try client.reply().body, as: UTF8.self)
        }
    }

    @Test func loopsKeepToOneProcessorWhereThereIsOneForEach() throws {
        #expect(try counts(loopCount: Processors.count) == "1 \(Processors.count)")
    }

    @Test(.enabled(if: Processors.count > 1, "one processor is enough for all")) func fewerLoopsRunAnywhere() throws {
        #expect(try counts(loopCount: Processors.count - 1) == "\(Processors.count) \(Processors.count)")
    }
}
