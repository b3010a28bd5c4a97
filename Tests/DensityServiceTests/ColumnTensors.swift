import Foundation

/// An input of an inference request: its JSON without the closing brace, and its bytes where its values stand behind the JSON.
typealias InputTensor = (json: String, bytes: [UInt8]?)

/// Numbers as raw elements of a datatype.
private func raw(_ values: [Double], _ type: String) -> [UInt8] {
    func bytes<Element>(_ convert: (Double) -> Element) -> [UInt8] { values.map(convert).withUnsafeBytes(Array.init) }
    switch type {
    case "BOOL": return values.map { $0 == 0 ? 0 : 1 }
    case "INT8": return bytes { Int8($0) }
    case "INT16": return bytes { Int16($0) }
    case "INT32": return bytes { Int32($0) }
    case "INT64": return bytes { Int64($0) }
    case "UINT8": return bytes { UInt8($0) }
    case "UINT16": return bytes { UInt16($0) }
    case "UINT32": return bytes { UInt32($0) }
    case "UINT64": return bytes { UInt64($0) }
    case "FP16": return bytes { Float16($0) }
    case "FP32": return bytes { Float($0) }
    case "FP64": return bytes { $0 }
    default: return []
    }
}

/// A column of numbers, in the JSON or behind it; NaN is null in the JSON.
func numberTensor(
    _ name: String, _ type: String, _ values: [Double], isBinary: Bool, isFlat: Bool = true
) -> InputTensor {
    let json =
        #"{"name":"\#(name)","datatype":"\#(type)","shape":\#(isFlat ? "[\(values.count)]" : "[\(values.count),1]")"#
    if isBinary { return (json, raw(values, type)) }
    let texts = values.map { value in
        let text = type == "BOOL" ? "\(value != 0)" : value.isNaN ? "null" : "\(value)".replacing(".0", with: "")
        return isFlat ? text : "[\(text)]"
    }
    return (json + ",\"data\":[\(texts.joined(separator: ","))]", nil)
}

/// A column of texts, in the JSON or behind it.
func textTensor(
    _ name: String, _ values: [String], isBinary: Bool, isFlat: Bool = true
) -> InputTensor {
    let json =
        #"{"name":"\#(name)","datatype":"BYTES","shape":\#(isFlat ? "[\(values.count)]" : "[\(values.count),1]")"#
    if isBinary { return (json, bytesTensor(values)) }
    let items = values.map { isFlat ? "\"\($0)\"" : "[\"\($0)\"]" }
    return (json + ",\"data\":[\(items.joined(separator: ","))]", nil)
}

/// Of the rows of `otherTensors`.
let tensorCities = ["Paris", "Köln", "Ulm"]

/// Three rows of all columns of the table but `price`, `flag` and `grade`, in a mix of forms.
func otherTensors(_ isBinary: Bool) -> [InputTensor] {
    [
        textTensor("side", ["left", "right", "left"], isBinary: isBinary, isFlat: false),
        numberTensor("id", "INT64", [7, 8, 9], isBinary: isBinary),
        textTensor("city", tensorCities, isBinary: !isBinary),
        textTensor("when", ["2024", "", "x"], isBinary: isBinary, isFlat: false),
        numberTensor("size", "FP64", [2.5, 1.125, -3], isBinary: !isBinary, isFlat: false),
    ]
}
