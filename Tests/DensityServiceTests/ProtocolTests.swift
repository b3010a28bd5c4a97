import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

@Test func theInferenceServerDescribesItself() throws {
    let service = try TestService([randomModel("m", calibrated: true), randomModel("plain", variables: 3)])
    for path in ["/v2", "/v2/"] {
        #expect(
            try service.get(path).text.contains(#""extensions":["binary_tensor_data","model_repository","statistics"]"#)
        )
    }
    for path in ["/v2/health/live", "/v2/health/ready"] {
        #expect(try service.get(path).text == #"{"live":true,"ready":true}"#)
    }
    let card = try service.get("/v2/models/m").text
    #expect(card.hasPrefix(#"{"name":"m","versions":["1"],"platform":"made","#))
    #expect(card.contains(#""inputs":[{"name":"rows","datatype":"FP32","shape":[-1,6]}]"#))
    #expect(card.contains(#"{"name":"anomaly","datatype":"BOOL","shape":[-1]}"#))
    #expect(card.contains(#"{"name":"surprisal","datatype":"FP32","shape":[-1,6]}"#))
    #expect(try service.get("/v2/models/m/versions/1").text == card)
    #expect(try !service.get("/v2/models/plain").text.contains("p_value"))
    #expect(try service.get("/v2/models/m/ready").text == #"{"name":"m","ready":true}"#)
    #expect(try service.get("/v1/models").text == #"{"models":["m","plain"]}"#)
    #expect(try service.get("/v1/models/plain").text == #"{"name":"plain","ready":true}"#)
}

@Test func predictionsAreTheScores() throws {
    struct Reply: Decodable {
        struct Prediction: Decodable {
            var logLikelihood: Double
            var pValue: Double
            var anomaly: Bool
        }
        var predictions: [Prediction]
        var explanations: [[ScoreReply.Blame]]?
    }
    let service = try TestService([randomModel("m", members: 2, calibrated: true)])
    let rows = randomRows(7, variables: 6, seed: 3)
    let native = try service.post("/score", body(rows, ",\"explain\":6")).decode(ScoreReply.self)
    let instances = "{\"instances\":\(rows),\"signature_name\":\"serving_default\"}"
    for path in ["/v1/models/m:predict", "/v1/models/m:explain", "/invocations"] {
        let reply = try service.post(path, instances).decode(Reply.self)
        #expect(reply.predictions.map(\.logLikelihood) == native.logLikelihood)
        #expect(reply.predictions.map(\.pValue) == native.pValue)
        #expect(reply.predictions.map(\.anomaly) == native.anomaly)
        guard path.hasSuffix(":explain") else {
            #expect(reply.explanations == nil)
            continue
        }
        #expect(reply.explanations == native.explanations)
    }
    #expect(try service.post("/invocations", body(rows)).decode(ScoreReply.self).logLikelihood == native.logLikelihood)
}

@Test func modelsAreTakenOutOfServiceAndBack() throws {
    let service = try TestService([randomModel("a", variables: 3, seed: 1), randomModel("b", variables: 3)])
    let index = { try service.post("/v2/repository/index", $0).text }
    let ready = { (name: String) in #"{"name":"\#(name)","version":"1","state":"READY","reason":""}"# }
    #expect(try index("") == "[\(ready("a")),\(ready("b"))]")
    let before = try service.post("/models/a/score", body([[0, 1, 0]])).decode(ScoreReply.self)
    #expect(
        try service.post("/v2/repository/models/a/unload", #"{"parameters":{"unload_dependents":false}}"#).status == 200
    )
    let gone = #"{"name":"a","version":"1","state":"UNAVAILABLE","reason":"unloaded"}"#
    #expect(try index("{}") == "[\(gone),\(ready("b"))]")
    #expect(try index(#"{"ready":true}"#) == "[\(ready("b"))]")
    #expect(try service.get("/v2/models/a/ready").status == 503)
    #expect(try service.post("/models/a/score", body([[0, 1, 0]])).status == 503)
    #expect(try service.get("/v2/health/ready").status == 200)
    #expect(try service.post("/v2/repository/models/b/unload", "").status == 200)
    let unready = try service.get("/v2/health/ready")
    #expect(unready.status == 503 && unready.text == #"{"live":true,"ready":false}"#)
    #expect(try service.get("/v2/health/live").status == 200)

    try Checkpoint.write(randomModel("a", variables: 3, seed: 2), to: service.path(of: "a"))
    #expect(try service.post("/v2/repository/models/a/load", "").status == 200)
    let after = try service.post("/models/a/score", body([[0, 1, 0]])).decode(ScoreReply.self)
    #expect(before.logLikelihood != after.logLikelihood)
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: service.path(of: "a")))
    #expect(try service.post("/v2/repository/models/a/load", "").decode([String: String].self)["error"] != nil)
    #expect(try service.get("/v2/models/a/ready").status == 200)
    #expect(try service.post("/v2/repository/models/a/load", "[]").status == 400)
}
