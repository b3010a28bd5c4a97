import Dispatch
import Foundation
import Microhttpd
import RawHTTP
import Testing

@Suite struct HostileTests {
    /// Each request is a legal one, damaged: bytes changed, doubled, cut off or inserted, lines repeated, the end
    /// withheld, the connection closed early, a hundred other requests behind it.
    @Test func aThousandHostileRequestsLeaveItServing() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var short = Limits()
        short.bodyBytesMax = 4096
        short.headSecondsMax = 2
        short.bodySecondsMax = 2
        short.idleSecondsMax = 2
        let receive: @Sendable (Exchange) -> Void = { exchange in
            DispatchQueue.global().async { echo(exchange) }
        }
        try withServer(limits: short, receive: receive) { server in
            let port = server.port
            let workerCount = 4
            DispatchQueue.concurrentPerform(iterations: workerCount) { worker in
                var random = SplitMix64(state: seed &+ UInt64(worker))
                // Left open until the end: a client that never finishes must not stand in the others' way.
                var open: [Client] = []
                for _ in 0..<1000 / workerCount {
                    guard let client = try? Client(port: port) else { continue }
                    client.send(hostileRequest(using: &random))
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: client.finishSending()
                    case 1: open.append(client)
                    default: break
                    }
                }
            }
            let client = try Client(port: server.port)
            client.send("POST /alive HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
            let reply = try client.reply()
            #expect(reply.status == 200, "seed \(seed)")
            #expect(reply.text == "ok", "seed \(seed)")
        }
    }
}

private func hostileRequest(using random: inout SplitMix64) -> [UInt8] {
    let seeds = [
        "GET /health?n=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
        "POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nX-Request-ID: q\r\n\r\n{\"rows\":[]}",
        "POST /score HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\n\r\n",
        "POST /big HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n",
    ]
    var bytes = Array((seeds.randomElement(using: &random) ?? "").utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 2: bytes.remove(at: place)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(contentsOf: bytes[place...], at: place)
        case 5: bytes.insert(contentsOf: [UInt8](repeating: bytes[place], count: 40_000), at: place)
        case 6: bytes.insert(contentsOf: Array("\r\n".utf8), at: place)
        default: bytes.insert(contentsOf: Array("Content-Length: 9999999999999999999\r\n".utf8), at: place)
        }
    }
    return bytes
}

/// Steele, Lea and Flood 2014; small and the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
