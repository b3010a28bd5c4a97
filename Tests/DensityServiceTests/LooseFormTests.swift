import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let onlyScores = #","outputs":[{"name":"log_likelihood"}]"#

/// A row a price and a city, which is an element of JSON; the other columns are of known values.
private func columns(prices: String, cities: String, cityMembers: String = "") -> [InputTensor] {
    [
        (#"{"name":"price","datatype":"FP64","shape":[2],"data":\#(prices)"#, nil),
        (#"{"name":"city","datatype":"BYTES","shape":[2,1],"data":\#(cities)\#(cityMembers)"#, nil),
        textTensor("side", ["right", "left"], isBinary: false),
        numberTensor("flag", "BOOL", [0, 1], isBinary: false),
        numberTensor("grade", "INT64", [2, 5], isBinary: true),
        numberTensor("size", "FP64", [2.5, 1.125], isBinary: true),
    ]
}

@Test func aBareNaNIsAMissingNumberInTensorsOnly() throws {
    let service = try TestService([TableModel.model()])
    let cities = #"["NaN \"NaN\\","Paris"]"#
    let expected = try inferredScores(
        infer(service, columns(prices: "[null,1500]", cities: cities), more: onlyScores))
    for more in [onlyScores, onlyScores + #","parameters":{"threshold":NaN}"#] {
        let tensors = columns(prices: "[ NaN,1500]", cities: cities)
        #expect(try inferredScores(infer(service, tensors, more: more)) == expected)
    }
    let whole = { (first: String) in
        let rows = #"{"name":"rows","datatype":"FP32","shape":[1,6],"data":[\#(first),1500,1,0,1,2]"#
        return try inferredScores(infer(service, [(rows, nil)], more: onlyScores))
    }
    #expect(try whole("NaN") == whole("null"))
    for prices in ["[Infinity,1500]", "[-NaN,1500]", "[NaNs,1500]", "[NaN 1500]", "[nan,1500]"] {
        let answer = try infer(service, columns(prices: prices, cities: cities))
        #expect(answer.status == 400 && answer.text.contains("not JSON"), "\(prices): \(answer.text)")
    }
    #expect(try service.post("/score", "{\"rows\":[[NaN,1500,1,0,1,2]]}").status == 400)
}

@Test func textsThatAreSaidToBeJSONAreReadAsWhatTheyHold() throws {
    let service = try TestService([TableModel.model()])
    let isJSON = #","parameters":{"content_type":"pd_json"}"#
    let scores = { (cities: String, members: String) in
        let tensors = columns(prices: "[7.25,1500]", cities: cities, cityMembers: members)
        return try inferredScores(infer(service, tensors, more: onlyScores))
    }
    for (texts, values) in [
        (#"["\"Paris\"","\"K\\u00f6ln\""]"#, #"["Paris","Köln"]"#), (#"["7","null"]"#, "[7,null]"),
        (#"["true","-1.5e3"]"#, "[true,-1500]"), (#"[null,"\"a \\\" b\""]"#, #"[null,"a \" b"]"#),
    ] {
        #expect(try scores(texts, isJSON) == scores(values, ""), "\(texts)")
    }
    // Of other types a text is a text.
    #expect(
        try scores(#"["\"Paris\"","Ulm"]"#, #","parameters":{"content_type":"str"}"#)
            == scores(#"["\"Paris\"","Ulm"]"#, #","parameters":{"content_type":7}"#))
    for texts in [
        #"["\"Paris\",\"Ulm\"","\"Ulm\""]"#, #"["[7]","7"]"#, #"["7],\"data\":[7","7"]"#, #"["","7"]"#,
        #"["\"Paris","7"]"#, #"["Paris","7"]"#, #"[7,7]"#, #"["7"]"#, #"["1.2.3","7"]"#,
    ] {
        let tensors = columns(prices: "[7.25,1500]", cities: texts, cityMembers: isJSON)
        let answer = try infer(service, tensors)
        #expect(answer.status == 400, "\(texts): \(answer.text)")
    }
}
