import Foundation
import Logging
import Microhttpd
import RawHTTP
import Testing

@testable import DensityService

private typealias Object = [String: Any]

/// The document as a client gets it.
private func document(of service: TestService) throws -> Object {
    try #require(JSONSerialization.jsonObject(with: Data(service.get("/openapi.json").body)) as? Object)
}

/// A service of the bundled model that the examples are of, alone.
private func bundled() throws -> Service {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    var options = ServiceOptions()
    options.port = 0
    options.logLevel = .critical
    let model = root.appendingPathComponent("config/models/nltcs.safetensors").path
    let service = try Service(models: [model], options: options)
    service.start()
    return service
}

/// All values under `key`, anywhere in `json`.
private func values(of key: String, in json: Any) -> [Any] {
    if let object = json as? Object {
        return object.flatMap { ($0.key == key ? [$0.value] : []) + values(of: key, in: $0.value) }
    }
    return (json as? [Any])?.flatMap { values(of: key, in: $0) } ?? []
}

/// Whether an answer is what an example shows, numbers to a millionth.
private func agrees(_ shown: Any, _ got: Any) -> Bool {
    switch (shown, got) {
    case (let shown as Object, let got as Object):
        return shown.count == got.count
            && shown.allSatisfy { key, value in got[key].map { agrees(value, $0) } ?? false }
    case (let shown as [Any], let got as [Any]):
        return shown.count == got.count && zip(shown, got).allSatisfy { agrees($0, $1) }
    case (let shown as NSNumber, let got as NSNumber): return abs(shown.doubleValue - got.doubleValue) < 1e-6
    case (let shown as String, let got as String): return shown == got
    default: return shown is NSNull && got is NSNull
    }
}

@Test func everyRouteAndMethodIsInTheDocument() throws {
    let service = try TestService([randomModel("m")])
    let paths = try #require(try document(of: service)["paths"] as? [String: Object])
    #expect(Set(paths.keys) == Set(RouteTable.standard.routes.flatMap(\.paths)))
    for (index, route) in RouteTable.standard.routes.enumerated() {
        for path in route.paths {
            #expect(
                RouteTable.standard.match(path.replacing("{model}", with: "m").replacing("{version}", with: "1")).index
                    == index, "\(path)")
            let methods = Set(paths[path]?.keys.filter { $0 != "parameters" } ?? [])
            #expect(methods == Set(route.methods.map { $0.rawValue.lowercased() }), "\(path)")
            // What the document does not name, the service does not serve, and says so.
            for method in ["GET", "HEAD", "POST"] where !methods.contains(method.lowercased()) {
                let answer = try service.client()(
                    method, path.replacing("{model}", with: "m").replacing("{version}", with: "1"),
                    body: method == "POST" ? "{}" : nil)
                #expect(answer.status == 405 && answer.header("Allow") == route.allow, "\(method) \(path)")
            }
        }
    }
}

@Test func everyReferenceOfTheDocumentLeadsSomewhereAndEveryPartIsUsed() throws {
    let document = try document(of: TestService([randomModel("m")]))
    let components = try #require(document["components"] as? [String: Object])
    // Security schemes are named, not referred to.
    let parts = Set(
        components.filter { $0.key != "securitySchemes" }.flatMap { kind, parts in
            parts.keys.map { "#/components/\(kind)/\($0)" }
        })
    #expect(Set(values(of: "$ref", in: document).compactMap { $0 as? String }) == parts)
    let ids = values(of: "operationId", in: document).compactMap { $0 as? String }
    #expect(Set(ids).count == ids.count && !ids.isEmpty)
}

/// openapi-python-client leaves out what refers to an array without items, and writes code that is none for a member that may
/// be absent and is one constant, unless that is a text.
@Test func generatorsOfClientsCanReadEverySchema() throws {
    func check(_ json: Any, _ place: String) {
        if let schema = json as? Object {
            let types = schema["type"] as? [String] ?? (schema["type"] as? String).map { [$0] } ?? []
            #expect(!types.contains("array") || schema["items"] != nil, "\(place) has no items")
            let required = schema["required"] as? [String] ?? []
            for (name, member) in schema["properties"] as? [String: Object] ?? [:] where !required.contains(name) {
                #expect(member["const"] is String?, "\(place)/\(name) is a constant")
            }
            for (name, value) in schema { check(value, "\(place)/\(name)") }
        }
        for (index, value) in (json as? [Any] ?? []).enumerated() { check(value, "\(place)/\(index)") }
    }
    let document = try document(of: TestService([randomModel("m")]))
    check(try #require(document["components"]), "components")
    check(try #require(document["paths"]), "paths")
}

@Test func whatMayHaveADeadlineSaysThatItMayBeMissed() throws {
    let document = try document(of: TestService([randomModel("m")]))
    let operations = try #require(document["paths"] as? [String: Object]).values.flatMap(\.values)
    var count = 0
    for operation in operations.compactMap({ $0 as? Object }) {
        let parameters = operation["parameters"] as? [[String: String]] ?? []
        let hasDeadline = parameters.contains { $0["$ref"]?.hasSuffix("/timeout") == true }
        let answers = try #require(operation["responses"] as? Object)
        #expect((answers["504"] != nil) == hasDeadline, "\(operation["operationId"] ?? "")")
        if hasDeadline { count += 1 }
    }
    #expect(count > 10)
}

/// Fields of requests are written twice, in the document and where they are read.
@Test func theFieldsOfRequestsAreThoseThatAreRead() throws {
    let document = try document(of: TestService([randomModel("m")]))
    let components = try #require(document["components"] as? [String: Object])
    func fields(_ schema: String) -> Set<String> {
        Set(((components["schemas"]?[schema] as? Object)?["properties"] as? Object)?.keys.map { $0 } ?? [])
    }
    #expect(fields("ScoreRequest") == Set(ScoreOptions.names + ["rows"]))
    let predicted = ["instances", "id", "parameters", "signature_name"]
    #expect(fields("PredictRequest") == Set(ScoreOptions.judgingNames + predicted))
    #expect(fields("ConditionalsRequest") == Set(ConditionalsRequest.fieldNames + ["rows"]))
    #expect(fields("ImputeRequest") == Set(ImputeRequest.fieldNames + ["rows"]))
    #expect(fields("RepairRequest") == Set(RepairRequest.fieldNames + ["rows"]))
    #expect(fields("SampleRequest") == Set(SampleRequest.fieldNames + ["given"]))
    #expect(
        Set(SampleRequest.queryNames + ScoreOptions.queryNames)
            == Set(try #require(components["parameters"]).keys).subtracting([
                "model", "version", "timeout", "request_id", "traceparent",
            ]))
}

@Test func everyExampleIsWhatTheServiceAnswers() throws {
    let service = try bundled()
    defer { service.stop() }
    let client = try TestClient(port: service.port)
    func json(_ response: Response) throws -> Any {
        #expect(response.status == 200, "\(response.text)")
        return try JSONSerialization.jsonObject(with: Data(response.body))
    }
    func shown(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    for (path, request, answer) in [
        ("/score", APIExample.scoreRequest, APIExample.scores),
        ("/invocations", APIExample.predictRequest, APIExample.predictions),
        ("/v1/models/nltcs:predict", APIExample.predictRequest, APIExample.predictions),
        ("/v2/models/nltcs/versions/1/infer", APIExample.inferRequest, APIExample.inferAnswer),
        ("/models/nltcs/conditionals", APIExample.conditionalsRequest, APIExample.conditionals),
        ("/impute", APIExample.imputeRequest, APIExample.imputed),
        ("/repair", APIExample.repairRequest, APIExample.repairs),
    ] {
        let got = try json(client.post(path, request))
        #expect(agrees(try shown(answer), got), "\(path) answers \(got)")
    }
    let sample = try json(client("GET", "/sample?n=2&seed=7"))
    #expect(agrees(try shown(APIExample.samples), sample), "\(sample)")
    #expect(agrees(try shown(APIExample.models), try json(client("GET", "/models"))))
    #expect(
        Set((try shown(APIExample.health) as? Object)?.keys.map { $0 } ?? [])
            == Set((try json(client("GET", "/health")) as? Object)?.keys.map { $0 } ?? []))
    // What it says of drift is of rows that are not here; its members are those of any window.
    let drift = try #require(try json(client("GET", "/drift")) as? Object)
    let shownDrift = try #require(try shown(APIExample.drift) as? Object)
    #expect(Set(shownDrift.keys) == Set(drift.keys).union(["surprisal"]))
    for name in ["kolmogorov_smirnov", "anomalies", "exchangeability", "log_likelihood"] {
        #expect(Set(((shownDrift[name] as? Object) ?? [:]).keys) == Set(((drift[name] as? Object) ?? [:]).keys))
    }
    for (path, request) in [
        ("/score", APIExample.badRowRequest), ("/sample", APIExample.sampleRequest),
        ("/conditionals", APIExample.othersRequest), ("/impute", APIExample.imputeDrawRequest),
    ] {
        _ = try json(client.post(path, request))
    }
}
