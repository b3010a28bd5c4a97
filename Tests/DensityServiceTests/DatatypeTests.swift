import MADERows
import RawHTTP
import Testing

@testable import DensityService

/// Of a datatype values in JSON that it holds, and such that it does not.
private let values: [(type: String, held: [String], refused: [String])] = [
    ("BOOL", ["true", "false", "1", "0", "1.0", "null"], ["7", "0.5", "-1", #""true""#]),
    ("INT8", ["-128", "127", "1.0", "1e2", "null"], ["128", "-129", "1.5", "true", #""1""#]),
    ("INT16", ["-32768", "32767"], ["32768", "-32769", "1e5"]),
    ("INT32", ["-2147483648", "2147483647", "2.147483647e9"], ["2147483648", "-2147483649", "1.5"]),
    (
        "INT64", ["-9223372036854775808", "9223372036854775807", "1e18"],
        ["9223372036854775808", "-9223372036854775809", "1e19", "0.5"]
    ),
    ("UINT8", ["0", "255", "-0"], ["256", "300", "-1", "1.5"]),
    ("UINT16", ["65535"], ["65536", "-1"]),
    ("UINT32", ["4294967295"], ["4294967296", "-1"]),
    ("UINT64", ["18446744073709551615"], ["18446744073709551616", "-1", "1e20"]),
    ("FP16", ["65504", "-65519.9", "1e-30", "null"], ["65520", "-65520", "1e9", "false", #""1""#]),
    ("FP32", ["3.4028235e38", "-3.4028235e38"], ["3.4028236e38", "-1e39"]),
    ("FP64", ["1e308"], ["1e309", "-1e309", #""1""#]),
]

@Suite struct DatatypeTests {
    private let service: TestService

    init() throws { service = try TestService([TableModel.model()]) }

    /// Three rows of columns; the second value of one of them, `flag` of truths and `size` of numbers, is `value`.
    private func columns(_ type: String, _ value: String) throws -> (name: String, response: Response) {
        let name = type == "BOOL" ? "flag" : "size"
        var tensors =
            otherTensors(false)
            + ["price", "flag", "grade"].map { numberTensor($0, "INT32", [1, 0, 1], isBinary: false) }
        tensors.removeAll { $0.json.contains("\"\(name)\"") }
        tensors.append((#"{"name":"\#(name)","datatype":"\#(type)","shape":[3,1],"data":[[1],[\#(value)],[0]]"#, nil))
        return (name, try infer(service, tensors))
    }

    /// A tensor of two rows, of the second of which `value` is the size; what it is called and where its type stands are the
    /// client's.
    private func rows(_ type: String, _ value: String, name: String = "rows", isLast: Bool = false) throws -> Response {
        let data = #""data":[[1,100,1,0,1,2],[1,100,1,0,1,\#(value)]]"#
        let datatype = #""datatype":"\#(type)""#
        let members = isLast ? "\(data),\(datatype)" : "\(datatype),\(data)"
        return try infer(service, [(#"{"name":"\#(name)","shape":[2,6],\#(members)"#, nil)])
    }

    private func expectRefusal(_ response: Response, _ place: String, _ value: String, _ type: String) throws {
        let error = try response.decode([String: String].self)["error"] ?? ""
        let expected = "\(place): \(quoted(value)) is not a value of \(type) ("
        #expect(response.status == 422 && error.hasPrefix(expected), "\(response.text), not \(expected)")
    }

    @Test func aValueInJSONIsOneOfItsDatatype() throws {
        for (type, held, refused) in values {
            for value in held {
                let (_, response) = try columns(type, value)
                #expect(response.status == 200, "\(type) \(value): \(response.text)")
            }
            for value in refused {
                let (name, response) = try columns(type, value)
                try expectRefusal(response, "\"\(name)\"[1].\(name)", value, type)
            }
        }
    }

    @Test func soIsOneOfWholeRowsWhereverTheTypeStands() throws {
        for (type, held, refused) in values where type != "BOOL" {
            for isLast in [false, true] {
                for value in held {
                    let response = try rows(type, value, isLast: isLast)
                    #expect(response.status == 200, "\(type) \(value): \(response.text)")
                }
                for value in refused {
                    try expectRefusal(rows(type, value, isLast: isLast), "\"rows\"[1].size", value, type)
                }
            }
            // A name that says another type is a name.
            let response = try rows(type, refused[0], name: type == "FP64" ? "INT8" : "FP64")
            #expect(response.status == 422 && response.text.contains("is not a value of \(type) ("), "\(response.text)")
        }
    }

    @Test func aTruthInJSONIsReadAsOneOfBytes() throws {
        var answers: [String] = []
        for (data, bytes) in [
            (#","data":[true,false,true]"#, nil), (#","data":[1,0,1.0]"#, nil), ("", [1, 0, 1]),
        ] as [(String, [UInt8]?)] {
            var tensors =
                otherTensors(false) + ["price", "grade"].map { numberTensor($0, "INT32", [1, 0, 1], isBinary: false) }
            tensors.append((#"{"name":"flag","datatype":"BOOL","shape":[3]\#(data)"#, bytes))
            answers.append(try infer(service, tensors).text)
        }
        #expect(answers[0].contains("log_likelihood") && Set(answers).count == 1, "\(answers)")
    }

    @Test func aByteThatIsNoTruthIsRefused() throws {
        var tensors =
            otherTensors(false) + ["price", "grade"].map { numberTensor($0, "INT32", [1, 0, 1], isBinary: false) }
        tensors.append((#"{"name":"flag","datatype":"BOOL","shape":[3]"#, [1, 0, 2]))
        try expectRefusal(infer(service, tensors), "\"flag\"[2].flag", "2", "BOOL")
    }
}
