import RawHTTP
import Testing

@testable import DensityService

/// As in `/score`, and the row comes back without them.
@Test(arguments: [("/impute", "null"), ("/repair", "99999")])
func columnsThatTheTableHasNotGotArePassedOverWhereAskedTo(path: String, price: String) throws {
    let service = try TestService([TableModel.model()])
    let object = TableModel.object(["price": price])
    let named = "{\"note\":\"new\"," + object.dropFirst()
    let refused = try service.post(path, "{\"rows\":[\(named)]}")
    #expect(refused.status == 422 && refused.text.contains("\"/rows/0/note\""), "\(refused.text)")
    let answers = try ["{\"rows\":[\(object)]}", "{\"rows\":[\(named)],\"ignore_unknown\":true}"].map {
        try service.post(path, $0)
    }
    #expect(answers.allSatisfy { $0.status == 200 } && answers[0].text == answers[1].text, "\(answers[1].text)")
}

/// As in `/score`, and no conditional is of them.
@Test(arguments: ["rows", "given"])
func columnsThatTheTableHasNotGotArePassedOverInWhatIsKnown(member: String) throws {
    let service = try TestService([TableModel.model()])
    let (path, more) = member == "rows" ? ("/conditionals", "") : ("/sample", #","seed":7"#)
    let object = TableModel.object(["price": "null"])
    let named = "{\"note\":\"new\"," + object.dropFirst()
    func post(_ row: String, _ more: String) throws -> Response {
        try service.post(path, "{\"\(member)\":\(member == "rows" ? "[\(row)]" : row)\(more)}")
    }
    let refused = try post(named, more)
    #expect(refused.status == 422 && refused.text.contains("note\""), "\(refused.text)")
    let answers = try [post(object, more), post(named, more + #","ignore_unknown":true"#)]
    #expect(answers.allSatisfy { $0.status == 200 } && answers[0].text == answers[1].text, "\(answers[1].text)")
}

@Test func evidenceThatIsNullIsNoneAsOtherFieldsAre() throws {
    let service = try TestService([TableModel.model()])
    let answers = try ["", #","given":null"#, #","given":{}"#].map {
        try service.post("/sample", "{\"n\":3,\"seed\":7\($0)}")
    }
    #expect(answers.allSatisfy { $0.status == 200 && $0.text == answers[0].text }, "\(answers.map(\.text))")
    let twice = try service.post("/sample", #"{"given":null,"given":[1]}"#)
    #expect(twice.status == 400 && twice.text.contains("occurs twice"), "\(twice.text)")
}
