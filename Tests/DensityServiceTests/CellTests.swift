import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private let names = TableModel.variables.map(\.name)
private let onlyScores = #","outputs":[{"name":"log_likelihood"}]"#

private struct Predictions: Decodable {
    struct Entry: Decodable { var logLikelihood: Double }
    var predictions: [Entry]
}

private func json(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.bytes, as: UTF8.self)
}

/// The log-likelihood of a row of texts, sent by every way there is.
private func everyWay(_ service: TestService, _ changes: [String: String]) throws -> [String: Double] {
    let cells = TableModel.cells.merging(changes) { $1 }
    let texts = names.map { cells[$0] ?? "" }
    let array = "[\(texts.map(json).joined(separator: ","))]"
    let object = "{\(zip(names, texts).map { "\"\($0)\":\(json($1))" }.joined(separator: ","))}"
    let quoted = texts.map { "\"\($0)\"" }.joined(separator: ",")
    let table = "\(names.joined(separator: ","))\n\(quoted)\n"
    let semicolons = "\(names.joined(separator: ";"))\r\n\(texts.joined(separator: ";"))\r\n"
    let columns = zip(names, texts).map { #"{"name":"\#($0)","datatype":"BYTES","shape":[1],"data":[\#(json($1))]"# }
    let raw = zip(names, texts).map { name, text in
        (json: #"{"name":"\#(name)","datatype":"BYTES","shape":[1,1]"#, bytes: Optional(bytesTensor([text])))
    }
    var found: [String: Double] = [:]
    found["array"] = try service.score(array).logLikelihood[0]
    found["object"] = try service.score(object).logLikelihood[0]
    for (way, body, type, path) in [
        ("CSV", table, "text/csv", "/score"), ("CSV with ;", semicolons, "text/csv", "/score"),
        ("NDJSON arrays", array, "application/x-ndjson", "/score"),
        ("NDJSON objects", object, "application/x-ndjson", "/score"),
        ("invocations in CSV", quoted, "text/csv", "/invocations"),
        ("invocations in lines", object, "application/jsonlines", "/invocations"),
    ] {
        let line = try #require(try service.send(lines: body, type, to: path).scoreLines().first)
        #expect(line.error == nil, "\(way): \(line.error ?? "")")
        found[way] = line.logLikelihood
    }
    found["v1"] = try service.post("/v1/models/table:predict", "{\"instances\":[\(array)]}")
        .decode(Predictions.self).predictions[0].logLikelihood
    found["invocations"] = try service.post("/invocations", "{\"instances\":[\(object)]}")
        .decode(Predictions.self).predictions[0].logLikelihood
    found["v2"] = try inferredScores(infer(service, columns.map { (json: $0, bytes: nil) }, more: onlyScores))[0]
    found["v2 in bytes"] = try inferredScores(infer(service, raw, more: onlyScores))[0]
    #expect(found.count == 12)
    return found
}

/// Expects every way to say what the oracle says of the encoded row.
private func expect(_ service: TestService, _ model: DensityModel, _ changes: [String: String], are row: [Float]) throws
{
    let reference = Oracle(model).logLikelihood(of: row.map(Double.init))
    let found = try everyWay(service, changes)
    for (way, value) in found {
        #expect(value == found["array"], "\(way): \(changes)")
        #expect(abs(value - reference) < 1e-4 * max(1, abs(reference)), "\(way): \(changes) \(value), \(reference)")
    }
}

@Test func aCellIsReadAlikeHoweverItIsWrittenAndSent() throws {
    let model = TableModel.model(members: 2)
    let service = try TestService([model])
    let known = TableModel.encodedCells
    func changed(_ column: Int, _ value: Float) -> [Float] {
        var row = known
        row[column] = value
        return row
    }
    try expect(service, model, [:], are: known)
    // Composed and decomposed letters, outer blanks, rare labels.
    for text in ["K\u{F6}ln", "Ko\u{308}ln", "  Köln\t"] {
        try expect(service, model, ["city": text], are: changed(0, 0))
    }
    try expect(service, model, ["city": "Ulm"], are: changed(0, 3))
    try expect(service, model, ["city": " Bonn"], are: changed(0, 4))
    // Numbers as the column writes them.
    for text in ["1.234,5", "1234,50", "+1234,5", "1.234,50 €", "€1234,5", "1,2345e3"] {
        try expect(service, model, ["price": text], are: changed(1, model.variables[1].encode(1234.5)))
    }
    for text in ["3", "3.0", "+3", "3e0", ".3E1", " 3"] {
        try expect(service, model, ["size": text], are: changed(5, 2))
    }
    // Truths, and labels that are numbers.
    for text in ["1", "1.0", "+1", "true", "T", "Yes", "y"] {
        try expect(service, model, ["flag": text], are: changed(3, 1))
    }
    for text in ["left", "0", "no", "FALSE"] { try expect(service, model, ["side": text], are: changed(2, 0)) }
    for text in ["5", "5.0", "+5", "0.5e1"] { try expect(service, model, ["grade": text], are: changed(4, 2)) }
}

@Test func whatTrainingNeverSawIsScoredAlikeHoweverItIsSent() throws {
    let model = TableModel.model(members: 2)
    let service = try TestService([model])
    for (column, text) in [(0, "Rom"), (0, "other"), (2, "up"), (3, "2"), (4, "3"), (4, "05"), (4, "A")] {
        var row = TableModel.encodedCells
        row[column] = Variable.unseenValue
        try expect(service, model, [names[column]: text], are: row)
    }
}

@Test func theTextsForMissingValuesAreReadAsNullHoweverTheyAreSent() throws {
    let service = try TestService([TableModel.model(members: 2)])
    for (column, texts) in [
        ("city", ["", "NA", "?", " NA "]), ("price", ["", "NA", "?"]), ("side", [""]), ("flag", ["", "-9"]),
        ("grade", ["", "0"]), ("size", ["", "NA", "-999"]),
    ] {
        let null = try service.score(TableModel.object([column: "null"])).logLikelihood[0]
        #expect(null != (try service.score(TableModel.object()).logLikelihood[0]))
        for text in texts {
            for (way, value) in try everyWay(service, [column: text]) {
                #expect(value == null, "\(column) \(text): \(way)")
            }
        }
    }
    // As numbers, too.
    let null = try service.score(TableModel.object(["size": "null"])).logLikelihood[0]
    #expect(try service.score(TableModel.object(["size": "-999"])).logLikelihood[0] == null)
}

@Test func textWhereANumberBelongsStaysAnError() throws {
    let service = try TestService([TableModel.model()])
    for (column, text) in [("price", "\"cheap\""), ("size", "\"3,5\""), ("flag", "\"maybe\""), ("size", "true")] {
        let problem = try service.post("/score", "{\"rows\":[\(TableModel.object([column: text]))]}")
            .decode(ProblemReply.self)
        #expect(problem.status == 422 && problem.pointer == "/rows/0/\(column)", "\(problem)")
    }
    // JSON's own numbers are plain: a comma is none of theirs, and a point is no group.
    let plain = try service.score(TableModel.object(["price": "1.234"]), TableModel.object(["price": "\"1,234\""]))
    #expect(plain.logLikelihood[0] == plain.logLikelihood[1])
}
