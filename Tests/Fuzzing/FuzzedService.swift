import Foundation
import Glibc
import MADE
import RawHTTP

@testable import DensityService

/// A service in this process, whose every answer must be one.
final class FuzzedService {
    private let service: Service
    private var client: Client

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "made-fuzz-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.write(FuzzedModel.model(), to: folder.appending(path: "m.safetensors").path)
        var options = ServiceOptions()
        options.port = 0
        options.restSecondsMax = 0.001
        let log = open(folder.appending(path: "log").path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        service = try Service(models: [folder.path], options: options, sink: LogSink(descriptor: log))
        // Nothing needs them any more; inputs come by the million.
        try FileManager.default.removeItem(at: folder)
        service.start()
        client = try Client(port: service.port)
    }

    /// Sends the bytes over a connection of their own, and reads until the server closes it.
    func exchange(_ bytes: UnsafeRawBufferPointer) {
        let client = connected()
        client.send(Array(bytes))
        // An end that comes along with the bytes is noticed only after a second, when libmicrohttpd reads again.
        _ = client.isAnswered(within: 2)
        client.finishSending()
        let answer = client.rest()
        precondition(answer.isEmpty || answer.starts(with: "HTTP/1.1 ".utf8), "no answer of HTTP")
        precondition(!answer.starts(with: "HTTP/1.1 500".utf8), String(decoding: answer, as: UTF8.self))
    }

    /// Thousands of connections a second may use up what the machine has of ports: the kernel keeps those of connections that
    /// have ended for a minute. A server that is gone stays so.
    private func connected() -> Client {
        var reason = ""
        for _ in 0..<7000 {
            do {
                return try Client(port: service.port)
            } catch {
                reason = "\(error)"
                usleep(10_000)
            }
        }
        fatalError("the server is gone: \(reason)")
    }

    /// Posts a body, whose answer must come and be no 500.
    func post(_ body: UnsafeRawBufferPointer, to path: String, fields: String) {
        let head = "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
        // The server may have closed a connection whose body it refused.
        for isLast in [false, true] {
            client.send(Array(head.utf8) + body)
            if let reply = try? client.reply() {
                precondition((200..<600).contains(reply.status) && reply.status != 500, reply.text)
                return
            }
            client = connected()
            precondition(!isLast, "no answer")
        }
    }
}
