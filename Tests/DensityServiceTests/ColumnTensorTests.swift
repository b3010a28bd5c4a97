import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let onlyScores = #","outputs":[{"name":"log_likelihood"}],"model_name":"table","model_version":1"#

/// The scores of the same rows as JSON.
private func native(_ service: TestService, price: [String], flag: [String], grade: [String]) throws -> [Double?] {
    let rows = (0..<3).map { row in
        TableModel.object([
            "city": "\"\(tensorCities[row])\"", "price": price[row],
            "side": ["\"left\"", "\"right\"", "\"left\""][row],
            "flag": flag[row], "grade": grade[row], "size": ["2.5", "1.125", "-3"][row],
        ])
    }
    return try service.score(rows[0], rows[1], rows[2]).logLikelihood
}

@Test func columnsOfEveryDatatypeAreTheRows() throws {
    let service = try TestService([TableModel.model(members: 2)])
    let types = ["INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64"]
    for type in types {
        // A type of fractions has some, one of signs a minus.
        let price: [Double] =
            type.hasPrefix("FP") ? [7.25, -512.5, 0] : type.hasPrefix("I") ? [-100, 7, 0] : [100, 7, 0]
        let grade: [Double] = [1, 5, 3]
        let flag: [Double] = [1, 0, 2]
        let text = { (values: [Double]) in values.map { "\($0)" } }
        let expected = try native(service, price: text(price), flag: text(flag), grade: text(grade))
        for isBinary in [true, false] {
            for isFlat in [true, false] {
                let tensors =
                    otherTensors(isBinary)
                    + [("price", price), ("grade", grade), ("flag", flag)].map {
                        numberTensor($0, type, $1, isBinary: isBinary, isFlat: isFlat)
                    }
                let found = try inferredScores(infer(service, tensors.reversed(), more: onlyScores))
                #expect(found == expected, "\(type), binary \(isBinary), flat \(isFlat)")
            }
        }
    }
}

@Test func columnsOfTruthsAndTextsAreTheRows() throws {
    let service = try TestService([TableModel.model()])
    let price = ["\"1.234,5\"", "\"12,5 €\"", "\"NA\""]
    let expected = try native(
        service, price: price, flag: ["true", "false", "true"], grade: ["\"1.0\"", "\"x\"", "0"])
    for isBinary in [true, false] {
        for isFlat in [true, false] {
            let tensors =
                otherTensors(!isBinary) + [
                    numberTensor("flag", "BOOL", [1, 0, 1], isBinary: isBinary, isFlat: isFlat),
                    textTensor("price", ["1.234,5", "12,5 €", "NA"], isBinary: isBinary, isFlat: isFlat),
                    textTensor("grade", ["1.0", "x", ""], isBinary: isBinary, isFlat: isFlat),
                ]
            #expect(try inferredScores(infer(service, tensors, more: onlyScores)) == expected)
        }
    }
    // No rows at all.
    let none = TableModel.variables.map { numberTensor($0.name, "INT32", [], isBinary: true) }
    #expect(try inferredScores(infer(service, none)).isEmpty)
}

@Test func whatNoNumberIsIsMissingInColumnsOfNumbers() throws {
    let service = try TestService([TableModel.model(members: 2)])
    let expected = try native(
        service, price: ["null", "1500", "1500"], flag: ["0", "null", "null"], grade: ["null", "null", "5"])
    for type in ["FP16", "FP32", "FP64"] {
        for isBinary in [true, false] {
            let tensors =
                otherTensors(isBinary) + [
                    numberTensor("price", type, [.nan, 1500, 1500], isBinary: isBinary),
                    // −9 and 0 are how these columns write a missing value.
                    numberTensor("flag", type, [0, .nan, -9], isBinary: isBinary),
                    numberTensor("grade", type, [.nan, 0, 5], isBinary: isBinary),
                ]
            #expect(try inferredScores(infer(service, tensors, more: onlyScores)) == expected, "\(type) \(isBinary)")
        }
    }
    // −999 is how sizes write one.
    let first = [TableModel.object(["size": "-999"])]
    let missing = try service.score(first[0]).logLikelihood
    for type in ["INT16", "FP16", "FP32", "FP64"] {
        for isBinary in [true, false] {
            let tensors = [
                textTensor("city", ["Paris"], isBinary: false),
                numberTensor("price", "INT32", [1500], isBinary: isBinary),
                textTensor("side", ["right"], isBinary: isBinary),
                numberTensor("flag", "BOOL", [0], isBinary: isBinary),
                numberTensor("grade", "UINT8", [2], isBinary: isBinary),
                numberTensor("size", type, [-999], isBinary: isBinary),
            ]
            #expect(try inferredScores(infer(service, tensors, more: onlyScores)) == missing.map { $0 })
        }
    }
}
