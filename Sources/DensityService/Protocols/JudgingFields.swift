internal import MADERows

extension RequestHandler {
    /// Reads what the body of another server's protocol says of how its rows are read and judged: by fields of /score beside
    /// the rows, or among the `parameters`, which win. Other parameters are none of our business.
    func readJudging(
        _ fields: OptionReader, into options: inout ScoreOptions, model: LoadedModel
    ) throws(Problem) {
        if fields.holds(anyOf: Self.judgingNames) { try options.readJudging(fields, model: model) }
        guard let parameters = fields.text("parameters"), parameters.first == UInt8(ascii: "{") else { return }
        guard let tensorScanner else { throw .memory }
        let scan = tensorScanner.scan(parameters, as: .fields, schema: nil, into: RowBuffer())
        if let problem = Problem(scan, shape: .fields) { throw problem }
        try options.readJudging(OptionReader(scan, path: "/parameters"), model: model)
    }

    private static let judgingNames = Set(ScoreOptions.judgingNames)
}
