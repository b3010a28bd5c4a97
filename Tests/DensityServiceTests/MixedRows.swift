import CRowScanner
import Foundation
import MADE
import Oracle
import Testing

@testable import DensityService

/// Variables of all types, with labels that need quotes and escapes, numbers for labels, and a class for unseen ones.
let mixedVariables = [
    Variable(
        name: "cut",
        kind: .categorical(Categories(labels: ["Fair", "Good, \"very\"", "Idéal 𝄞", "a\nb", "Premium"]))),
    Variable(
        name: "carat",
        kind: .real(
            RealEncoding(
                affine: AffineEncoding(offset: 0.7, scale: 2), componentCount: 3, scaleFloor: 0.02, minimum: 0.2,
                maximum: 5.01))),
    Variable(name: "sold", kind: .binary(.plusMinusOne)),
    Variable(
        name: "x,\"y\"",
        kind: .real(
            RealEncoding(
                affine: AffineEncoding(offset: 320, scale: 0.01), componentCount: 2, scaleFloor: 0.05, step: 1,
                minimum: 18, maximum: 1206))),
    Variable(name: "size", kind: .categorical(Categories(labels: ["1", "2", "10", "other"], otherIndex: 3))),
]

/// Scans `json` as a request's body of rows of `variables`.
func scanRows(
    _ json: String, variables: [Variable] = mixedVariables, shape: BodyScanner.Shape? = nil
) throws -> (rows: [Float], problem: Problem?) {
    let scanner = try #require(BodyScanner())
    let schema = try #require(RowSchema(variables))
    let shape = shape ?? BodyScanner.Shape(member: "rows", rowsMax: 1000, valuesMax: 100_000)
    let buffer = RowBuffer()
    let body = Array(json.utf8) + [UInt8](repeating: 0, count: 64)
    return body.withUnsafeBytes { bytes in
        let scan = scanner.scan(
            UnsafeRawBufferPointer(rebasing: bytes[..<json.utf8.count]), as: shape, schema: schema, into: buffer)
        let fault = scan.error_count > 0 ? scan.errors?.pointee : nil
        let problem = Problem(scan, shape: shape) ?? fault.map { Problem($0, shape: shape, variables: variables) }
        return (Array(buffer.values), problem)
    }
}
