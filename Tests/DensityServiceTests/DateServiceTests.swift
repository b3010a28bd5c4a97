import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// A model of a table with an order's date and time, when it was sent, and an amount.
enum OrderModel {
    static let schema: Schema = {
        var columns = ["ordered", "amount", "sent"].map { Schema.Column(name: $0) }
        columns[0].clock = Clock(
            form: "%Y-%m-%d %H:%M", parts: [.weekday, .month, .time], dayStart: 4 * 3600, first: 1_672_531_200,
            last: 1_735_689_540)
        columns[2].clock = Clock(
            form: "seconds", parts: [.elapsed], since: "ordered", first: 1_672_531_200, last: 1_735_700_000)
        return Schema(columns: columns)
    }()

    static let variables: [Variable] = {
        func categorical(_ name: String, _ part: Clock.Part) -> Variable {
            Variable(
                name: name, kind: .categorical(Categories(labels: part.labels)), unseen: UnseenValues(rowCount: 500))
        }
        func real(_ name: String, _ centre: Double, _ scale: Double, step: Double?) -> Variable {
            Variable(
                name: name,
                kind: .real(
                    RealEncoding(
                        centre: centre, scale: scale, componentCount: 2, scaleFloor: 0.1, step: step, resolution: step,
                        minimum: 0, maximum: 86340)),
                unseen: UnseenValues(rowCount: 500))
        }
        return [
            categorical("ordered.weekday", .weekday), categorical("ordered.month", .month),
            real("ordered.time", 36_000, 9_000, step: 60), real("amount", 50, 20, step: 1),
            real("sent.elapsed", 7_200, 3_600, step: 1),
        ]
    }()

    static func model() -> DensityModel {
        var generator = PhiloxGenerator(seed: 3)
        var model = RandomModel.mixed(
            variables, hiddenWidths: [16, 16], direct: true, memberCount: 2, using: &generator)
        model.name = "orders"
        model.schema = schema
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: 199, seed: 5), using: compiled.makeWorkspace())
        model.calibration = Calibration(logLikelihoods: samples.logLikelihoods)
        return model
    }

    /// Friday, the first of March 2024, 10:15, an hour later.
    static let row: [Float] = [4, 2, Float((6.25 * 3600 - 36_000) / 9_000), 0.5, -1]
    static let object = #"{"ordered":"2024-03-01 10:15","amount":60,"sent":1709291700}"#
}

private let likelihoodAlone = #","outputs":[{"name":"log_likelihood"}]"#

@Test func aDateIsReadAlikeInEveryForm() throws {
    let service = try TestService([OrderModel.model()])
    let compiled = CompiledModel(OrderModel.model())
    var expected = [0.0]
    var span = expected.mutableSpan
    compiled.score(OrderModel.row.span, into: &span, using: compiled.makeWorkspace())
    let reply = try service.score(OrderModel.object)
    #expect(reply.logLikelihood == expected)
    for row in [
        #"["2024-03-01T10:15:00Z",60,"1709291700"]"#,
        #"{"sent":"2024-03-01 11:15","ordered":"Mar 1, 2024 10:15 am","amount":"60"}"#,
    ] {
        #expect(try service.score(row).logLikelihood == expected, "\(row)")
    }
    for table in [
        "ordered,amount,sent\n2024-03-01 10:15,60,1709291700\n", "sent,ordered,amount\n1709291700,3/1/2024 10:15,60\n",
    ] {
        #expect(try service.send(lines: table).scoreLines().map(\.logLikelihood) == expected, "\(table)")
    }
    #expect(
        try service.send(lines: OrderModel.object, "application/x-ndjson").scoreLines()[0].logLikelihood == expected[0])
    let seconds = withUnsafeBytes(of: Int64(1_709_291_700).littleEndian, Array.init)
    let columns = try infer(
        service,
        [
            (#"{"name":"sent","datatype":"INT64","shape":[1,1]"#, seconds),
            (#"{"name":"ordered","datatype":"BYTES","shape":[1]"#, bytesTensor(["2024-03-01 10:15"])),
            (#"{"name":"amount","datatype":"FP64","shape":[1],"data":[60]"#, nil),
        ], model: "orders", more: likelihoodAlone)
    #expect(try inferredScores(columns) == expected)
    let doubles = [1_709_288_100, 60, 1_709_291_700].flatMap { withUnsafeBytes(of: Double($0), Array.init) }
    let whole = try infer(
        service, [(#"{"name":"rows","datatype":"FP64","shape":[1,3]"#, doubles)], model: "orders",
        more: likelihoodAlone)
    #expect(try inferredScores(whole) == expected)
}

@Test func answersNameColumnsOfDates() throws {
    let service = try TestService([OrderModel.model()])
    let reply = try service.score(OrderModel.object, options: #","explain":3"#)
    let blamed = try #require(reply.explanations?[0])
    #expect(Set(blamed.map(\.variable)) == ["ordered", "amount", "sent"])
    let ordered = try #require(blamed.first { $0.variable == "ordered" })
    #expect(["weekday", "month", "time"].contains(ordered.part) && ordered.expected != nil)
    #expect(abs(blamed.reduce(0) { $0 + $1.surprisal } + (reply.explainedLogLikelihood?[0] ?? .nan)) < 1e-3)
    let predicted = try service.post("/v1/models/orders:explain", "{\"instances\":[\(OrderModel.object)]}")
    #expect(predicted.status == 200 && predicted.text.contains(#""variable":"ordered","part":""#), "\(predicted.text)")
    let card = try service.client()("GET", "/v2/models/orders").text
    #expect(card.contains(#"{"name":"ordered","datatype":"BYTES","shape":[-1,1]}"#), "\(card)")
    #expect(card.contains(#"{"name":"surprisal","datatype":"FP32","shape":[-1,3]}"#), "\(card)")
    let conditionals = try service.post(
        "/conditionals", "{\"rows\":[\(OrderModel.object)],\"variables\":[\"ordered\"]}")
    #expect(conditionals.status == 200, "\(conditionals.text)")
    for part in ["weekday", "month", "time"] {
        #expect(conditionals.text.contains(#""variable":"ordered","part":"\#(part)""#), "\(part)")
    }
    let document = try service.client()("GET", "/models/orders").text
    #expect(document.contains(#"{"name":"ordered","type":"date","form":"%Y-%m-%d %H:%M","training_range":"#))
}

@Test func samplesHaveDatesThatScoreAsTheyWereDrawn() throws {
    let service = try TestService([OrderModel.model()])
    let client = try service.client()
    let samples = try client("GET", "/sample?n=40&seed=8")
    struct Reply: Decodable { var logLikelihood: [Double] }
    let drawn = try samples.decode(Reply.self).logLikelihood
    let document = try JSONSerialization.jsonObject(with: Data(samples.text.utf8)) as? [String: Any]
    let rows = try JSONSerialization.data(withJSONObject: ["rows": #require(document?["rows"])])
    let rescored = try service.post("/score", String(decoding: rows, as: UTF8.self))
    #expect(rescored.status == 200, "\(rescored.text.prefix(300))")
    #expect(try rescored.decode(Reply.self).logLikelihood == drawn)
    let csv = try client("GET", "/sample?n=40&seed=8", headers: ["Accept: text/csv"]).text
    #expect(csv.hasPrefix("ordered,amount,sent\n202"), "\(csv.prefix(100))")
    #expect(try service.send(lines: csv).scoreLines().map(\.logLikelihood) == drawn)
    // Days differ where the weekday and the month are the same.
    #expect(Set(csv.split(separator: "\n").dropFirst().map { $0.prefix(10) }).count > 20)
}

@Test func whatIsGivenComesBackAsItWasGiven() throws {
    let service = try TestService([OrderModel.model()])
    // A date stays that day, in its own form, and others count from it; a number stays as fine and as spelled as it was.
    for (given, texts) in [
        (#""ordered":"2024-03-01T10:15:00""#, [#""ordered":"2024-03-01T10:15:00""#]),
        (#""ordered":"2024-03-01 10:15","amount":60.250000001"#, [#""2024-03-01 10:15""#, #""amount":60.250000001"#]),
        (#""ordered":"2024-03-01 10:15","sent":1709291700.0,"amount":null"#, [#""sent":1709291700.0"#]),
    ] {
        let sample = try service.post("/sample", #"{"n":5,"seed":1,"as":"objects","given":{\#(given)}}"#)
        for text in texts {
            #expect(sample.text.components(separatedBy: text).count == 6, "\(text) in \(sample.text)")
        }
        let rescored = try service.post("/score", sample.text)
        #expect(rescored.status == 200, "\(rescored.text.prefix(300))")
        struct Reply: Decodable { var logLikelihood: [Double] }
        #expect(try rescored.decode(Reply.self).logLikelihood == sample.decode(Reply.self).logLikelihood, "\(given)")
    }
    let csv = try service.post(
        "/sample?format=csv", #"{"n":5,"seed":1,"given":{"amount":60.50,"ordered":"2024-03-01 10:15"}}"#)
    let lines = csv.text.split(separator: "\n").dropFirst()
    #expect(lines.count == 5 && lines.allSatisfy { $0.hasPrefix("2024-03-01 10:15,60.50,") }, "\(csv.text)")
}

@Test func whatIsNoDateIsAnError() throws {
    let service = try TestService([OrderModel.model()])
    let problem = try service.post("/score", #"{"rows":[{"ordered":"soon","amount":60,"sent":1709291700}]}"#)
        .decode(ProblemReply.self)
    #expect(problem.status == 422 && problem.pointer == "/rows/0/ordered")
    #expect(problem.detail == #"rows[0].ordered: "soon" is not a date or time, as 2023-01-01 00:00 is"#)
    // A date that is missing is an outcome that training never saw, in all of its parts.
    let reply = try service.score(#"{"ordered":null,"amount":60,"sent":null}"#, options: #","explain":3"#)
    let found = try #require(reply.explanations?[0])
    #expect(found.filter { $0.unseen == true }.map(\.variable).sorted() == ["ordered", "sent"])
    #expect(try service.score(#"{"amount":60}"#, options: #","missing":"unknown""#).logLikelihood[0]?.isFinite == true)
}
