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
