/// What takes densities of numbers to those of their encoded values: log |dx/du| of each variable (see `RealEncoding`), 0 but for
/// numbers encoded by their signed logarithm.
///
/// Rows are ranked by densities of encoded values. A density of the numbers themselves falls with their size where they are known
/// up to a factor, and a row of large numbers would seem unusual for that.
public struct LogVolumes: Sendable, Equatable {
    private struct Volume: Sendable, Equatable {
        let variable: Int
        let encoding: RealEncoding
    }

    private let volumes: [Volume]

    /// Of the variables of a model.
    public init(_ variables: [Variable]) {
        volumes = variables.enumerated().compactMap { index, variable in
            guard case .real(let encoding) = variable.kind, encoding.linearWidth != nil else { return nil }
            return Volume(variable: index, encoding: encoding)
        }
    }

    /// Whether all are 0, whatever the row.
    public var isEmpty: Bool { volumes.isEmpty }

    /// Of one encoded `row` [D]: each variable whose is not 0, and what it is, nats.
    public func values(of row: Span<Float>) -> [(variable: Int, nats: Double)] {
        volumes.compactMap { volume in
            let u = row[volume.variable]
            guard abs(u) < Variable.missingValue else { return nil }
            return (volume.variable, volume.encoding.logVolume(at: Double(u)))
        }
    }

    /// Takes log-likelihoods [n] and surprisals [n × D] of encoded `rows` [n × D] to those of the encoded values.
    public func add(
        of rows: Span<Float>, toLogLikelihoods logLikelihoods: inout [Double], surprisals: inout [Float]
    ) {
        if isEmpty { return }
        let width = rows.count / max(logLikelihoods.count, 1)
        for row in logLikelihoods.indices {
            for (variable, nats) in values(of: rows.extracting(row * width..<(row + 1) * width)) {
                logLikelihoods[row] += nats
                surprisals[row * width + variable] -= Float(nats)
            }
        }
    }
}
