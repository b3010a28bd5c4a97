import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

@Test func columnsThatSayNoRowsAreRefused() throws {
    let service = try TestService([TableModel.model()])
    let good =
        otherTensors(true) + ["price", "flag", "grade"].map { numberTensor($0, "INT32", [1, 0, 1], isBinary: true) }
    #expect(try infer(service, good).status == 200)
    func refused(_ status: Int, _ detail: String, _ change: (inout [InputTensor]) -> Void) throws {
        var tensors = good
        change(&tensors)
        let response = try infer(service, tensors)
        let error = try response.decode([String: String].self)["error"] ?? ""
        #expect(response.status == status && error.contains(detail), "\(response.text), not \(detail)")
    }
    try refused(422, "lacks a tensor for the column 'grade'") { $0.removeLast() }
    try refused(422, "\"hue\" is not a column of the model") {
        $0.append(numberTensor("hue", "INT8", [1, 2, 3], isBinary: true))
    }
    try refused(400, "two tensors named \"price\"") { $0.append($0[5]) }
    try refused(400, "two tensors for the column 'price'") {
        $0.append(numberTensor(" price", "INT8", [1, 2, 3], isBinary: true))
    }
    try refused(400, "'binary_data_size' of \"grade\" is 11; INT32 values of shape [3] are 12 bytes") {
        $0[7].bytes?.removeLast()
    }
    try refused(400, "the shape of \"grade\" is [2]; a column of these 3 rows is [3] or [3, 1]") {
        $0[7] = numberTensor("grade", "INT32", [1, 0], isBinary: true)
    }
    try refused(400, "the bytes of \"city\" are not as many texts") {
        $0[2] = textTensor("city", tensorCities, isBinary: true)
        $0[2].bytes?.removeLast()
    }
    try refused(400, "the bytes of \"city\" are not as many texts") {
        $0[2] = (
            $0[2].json.replacing(",\"data\":[\"Paris\",\"Köln\",\"Ulm\"]", with: ""), bytesTensor(tensorCities + ["x"])
        )
    }
    try refused(400, "the bytes of \"city\" are not as many texts") {
        $0[2] = textTensor("city", tensorCities, isBinary: true)
        $0[2].bytes = [255, 255, 255, 255, 65]
    }
    try refused(400, "\"city\"[1] is not UTF-8") {
        $0[2] = textTensor("city", ["Paris", "x", "Ulm"], isBinary: true)
        $0[2].bytes?[13] = 0xFF
    }
    for name in ["price", "flag", "grade", "size"] {
        for value in [Double.infinity, -.infinity] {
            try refused(422, "\"\(name)\"[1].\(name): \(value) is not a finite number") { tensors in
                tensors.removeAll { $0.json.contains("\"\(name)\"") }
                tensors.append(numberTensor(name, "FP32", [1, value, 0], isBinary: true))
            }
        }
    }
    try refused(422, "\"side\"[0].side") {
        $0[0] = numberTensor("side", "FP64", [.infinity, 0, 1], isBinary: true)
    }
    try refused(422, "\"price\"[0].price: \"cheap\" is not a finite number") {
        $0[5] = textTensor("price", ["cheap", "1", "2"], isBinary: true)
    }
    // A column that is passed over may be of any shape; its bytes must be there still.
    let wide = #"{"name":"id","datatype":"FP32","shape":[3,4]"#
    var passed = good
    passed[1] = (wide, [UInt8](repeating: 1, count: 48))
    #expect(try infer(service, passed).text == infer(service, good).text)
    try refused(400, "'binary_data_size' of \"id\" is 47") { $0[1] = (wide, [UInt8](repeating: 1, count: 47)) }
}
