import Foundation
import RawHTTP
import Testing

/// The fields of a /score answer that these tests read.
struct ScoreAnswer: Decodable {
    let log_likelihood: [Double]
    let p_value: [Double]?
}

/// The fields of a /sample answer that these tests read.
struct SampleAnswer: Decodable {
    let rows: [[Int]]
    let log_likelihood: [Double]
    let effective_sample_size: Double?
}

extension Client {
    /// log p(x) of rows of 0 and 1.
    func score(_ rows: [[Int]], model: String) throws -> [Double] {
        let body = "{\"rows\":\(rows)}"
        let reply = try post("/models/\(model)/score", body)
        try #require(reply.status == 200, "\(reply.text)")
        return try JSONDecoder().decode(ScoreAnswer.self, from: Data(reply.body)).log_likelihood
    }
}
