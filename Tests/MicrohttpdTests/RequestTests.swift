import Foundation
import Microhttpd
import Testing

@Suite struct RequestTests {
    @Test func aPostIsAnsweredWithItsBody() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            let reply = try client.reply()
            #expect(reply.status == 200)
            #expect(reply.text == "hello")
            #expect(reply["X-Asked"] == "POST /score")
        }
    }
}
