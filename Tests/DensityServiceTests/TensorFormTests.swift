import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

/// Whole rows, numbers in the data's own units and labels as indices.
private func rows(
    _ values: [Double], name: String = "rows", type: String = "FP64", columns: Int = 6, isBinary: Bool
) -> InputTensor {
    let json = #"{"name":"\#(name)","datatype":"\#(type)","shape":[\#(values.count / columns),\#(columns)]"#
    if isBinary {
        let bytes =
            type == "FP64" ? values.withUnsafeBytes(Array.init) : values.map { Float($0) }.withUnsafeBytes(Array.init)
        return (json, bytes)
    }
    let texts = values.map { $0.isNaN ? "null" : "\($0)".replacing(".0", with: "") }
    return (json + ",\"data\":[\(texts.joined(separator: ","))]", nil)
}

@Test func wholeRowsOfATableAreItsRows() throws {
    let service = try TestService([TableModel.model(members: 2)])
    let values: [Double] = [
        1, 1500, 1, 0, 1, 2.5,
        // A rare label, a number never seen, and values that are missing, one of them as sizes write it.
        3, .nan, 0, 2, 2, -999,
    ]
    let expected = try service.score(
        TableModel.object(),
        #"{"city":"Ulm","price":null,"side":"left","flag":2,"grade":5,"size":null}"#
    ).logLikelihood
    for name in ["rows", "input_0", "dense"] {
        for type in ["FP32", "FP64"] {
            for isBinary in [true, false] {
                let found = try inferredScores(
                    infer(
                        service, [rows(values, name: name, type: type, isBinary: isBinary)],
                        more: #","outputs":[{"name":"log_likelihood"}]"#))
                #expect(found == expected, "\(name) \(type), binary \(isBinary)")
            }
        }
    }
}

@Test func wholeRowsThatAreNoneAreRefusedAlikeInBothForms() throws {
    let service = try TestService([TableModel.model()])
    for (column, value, detail) in [
        (0, 5, "not the index of a category of 'city'"), (0, -1, "'city'"), (4, 0.5, "'grade'"),
    ] {
        var values: [Double] = [1, 1500, 1, 0, 1, 2.5]
        values[column] = value
        for isBinary in [true, false] {
            let response = try infer(service, [rows(values, isBinary: isBinary)])
            #expect(response.status == 422 && response.text.contains(detail), "\(response.text)")
        }
    }
    for (column, value) in [(1, Double.infinity), (3, -.infinity), (5, .infinity)] {
        var values: [Double] = [1, 1500, 1, 0, 1, 2.5]
        values[column] = value
        #expect(try infer(service, [rows(values, isBinary: true)]).status == 422)
    }
    let two = try infer(service, [rows([], isBinary: true), rows([], name: "other", isBinary: true)])
    #expect(two.status == 422 && two.text.contains("not a column of the model"), "\(two.text)")
    let narrow = try infer(service, [rows([1, 2, 3, 4, 5], columns: 5, isBinary: true)])
    #expect(narrow.status == 422 && narrow.text.contains("6 columns"))
}

@Test func aModelOfOneColumnTakesItByItsName() throws {
    var model = randomModel("one", variables: 1)
    model.schema = Schema(columns: [Schema.Column(name: "v0")])
    let service = try TestService([model])
    let expected = try service.score("[1]", "[0]").logLikelihood
    for tensor in [
        #"{"name":"v0","datatype":"INT8","shape":[2],"data":[1,0]"#,
        #"{"name":" v0","datatype":"BOOL","shape":[2,1],"data":[[true],[false]]"#,
        #"{"name":"rows","datatype":"FP32","shape":[2,1],"data":[1,0]"#,
        #"{"name":"x","datatype":"UINT8","shape":[2,1],"data":[1,0]"#,
    ] {
        let response = try infer(service, [(tensor, nil)], model: "one")
        #expect(try inferredScores(response) == expected.map { $0 }, "\(tensor)")
    }
}

@Test func theMetadataListsTheColumnsOfATable() throws {
    struct Card: Decodable {
        struct Tensor: Decodable, Equatable {
            var name: String
            var datatype: String
            var shape: [Int]
        }
        var inputs: [Tensor]
    }
    let service = try TestService([TableModel.model(), mixedModel()])
    let inputs = try service.get("/v2/models/table").decode(Card.self).inputs
    #expect(inputs.map(\.name) == ["city", "price", "side", "flag", "grade", "size"])
    #expect(inputs.map(\.datatype) == ["BYTES", "FP64", "BYTES", "INT64", "BYTES", "FP64"])
    #expect(inputs.allSatisfy { $0.shape == [-1, 1] })
    let whole = try service.get("/v2/models/mixed").decode(Card.self).inputs
    #expect(whole == [Card.Tensor(name: "rows", datatype: "FP32", shape: [-1, 5])])
    // What it says can be sent.
    let tensors = inputs.map { input in
        let values = ["BYTES": #"["Paris"]"#, "FP64": "[1.5]", "INT64": "[1]"]
        let value =
            input.name == "side" ? #"["left"]"# : input.name == "grade" ? #"["5"]"# : values[input.datatype] ?? ""
        return (
            json: #"{"name":"\#(input.name)","datatype":"\#(input.datatype)","shape":[1,1],"data":[\#(value)]"#,
            bytes: [UInt8]?.none
        )
    }
    let answer = try infer(service, tensors, more: #","outputs":[{"name":"log_likelihood"}]"#)
    #expect(try inferredScores(answer).count == 1)
}

@Test func theConfigurationSaysWhatTheMetadataSays() throws {
    struct Configuration: Decodable {
        struct Tensor: Decodable {
            var name: String
            var dataType: String
            var dims: [Int]
        }
        var name: String
        var platform: String
        var backend: String
        var maxBatchSize: Int
        var input: [Tensor]
        var output: [Tensor]
    }
    let service = try TestService([TableModel.model(), randomModel("plain")]) { $0.queueRowsMax = 5000 }
    let table = try service.get("/v2/models/table/config").decode(Configuration.self)
    #expect(table.name == "table" && table.platform == "made" && table.backend == "made" && table.maxBatchSize == 5000)
    #expect(
        table.input.map(\.dataType) == [
            "TYPE_STRING", "TYPE_FP64", "TYPE_STRING", "TYPE_INT64", "TYPE_STRING", "TYPE_FP64",
        ])
    #expect(table.input.map(\.name) == TableModel.variables.map(\.name) && table.input.allSatisfy { $0.dims == [1] })
    #expect(
        table.output.map(\.name) == [
            "log_likelihood", "p_value", "anomaly", "score", "surprisal", "gain", "standard_error", "calibration_rows",
        ])
    #expect(
        table.output.map(\.dataType) == [
            "TYPE_FP64", "TYPE_FP64", "TYPE_BOOL", "TYPE_FP64", "TYPE_FP32", "TYPE_FP64", "TYPE_FP64", "TYPE_INT64",
        ])
    #expect(table.output.map(\.dims) == [[1], [1], [1], [1], [6], [6], [1], [1]])
    let plain = try service.get("/v2/models/plain/versions/1/config").decode(Configuration.self)
    #expect(plain.input.map(\.name) == ["rows"] && plain.input[0].dataType == "TYPE_FP32" && plain.input[0].dims == [6])
    #expect(plain.output.map(\.name) == ["log_likelihood", "surprisal", "gain", "standard_error"])
    #expect(try service.get("/v2/models/plain/config").body == service.get("/v2/models/plain/versions/1/config").body)
}
