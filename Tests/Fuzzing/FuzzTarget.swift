/// What is fuzzed: each reads input that anybody may send, or that any file may hold.
enum FuzzTarget: String, CaseIterable {
    /// Whatever comes over a connection.
    case http
    /// Bodies of `/score`: JSON, lines, and either compressed.
    case json, ndjson, csv, gzip, zstd
    /// Tensors of the Open Inference Protocol: JSON, and with binary data.
    case infer, binary
    /// Tables that are trained on and scored.
    case table
    /// Files of models.
    case safetensors
    /// Files of settings.
    case settings

    /// What an input is handed to; what it must not do is a failed precondition.
    func makeTest() throws -> (UnsafeRawBufferPointer) -> Void {
        switch self {
        case .http:
            let service = try FuzzedService()
            return service.exchange
        case .json: return try posts("/score?explain=2", "application/json")
        case .ndjson: return try posts("/score?explain=1&keep=when", "application/x-ndjson")
        case .csv: return try posts("/score?explain=1&keep=when", "text/csv")
        case .gzip: return try posts("/score", "text/csv", coding: "gzip")
        case .zstd: return try posts("/score", "application/json", coding: "zstd")
        case .infer: return try posts("/v2/models/m/infer", "application/json")
        case .binary:
            let service = try FuzzedService()
            return { bytes in
                // The first byte says how many are JSON: four times as many as it is.
                guard let first = bytes.first else { return }
                let body = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
                let count = min(4 * Int(first), body.count)
                service.post(
                    body, to: "/v2/models/m/infer",
                    fields: "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: \(count)\r\n")
            }
        case .table: return FuzzedReaders.table
        case .safetensors: return FuzzedReaders.safetensors
        case .settings: return FuzzedReaders.settings
        }
    }

    private func posts(
        _ path: String, _ type: String, coding: String? = nil
    ) throws -> (UnsafeRawBufferPointer) -> Void {
        let service = try FuzzedService()
        let fields = "Content-Type: \(type)\r\n" + (coding.map { "Content-Encoding: \($0)\r\n" } ?? "")
        return { service.post($0, to: path, fields: fields) }
    }
}
