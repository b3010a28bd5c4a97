#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Sampling-importance-resampling (Rubin 1988), for evidence that is no prefix of every member's ordering.
///
/// A particle is a row drawn with the evidence clamped, by a member drawn uniformly; its weight is Π p_s(e_d | x_<d) over the
/// evidence, at temperature 1. Draws share pools of particles, 256 draws to one of 4096: draw i depends on its pool and its own
/// random word, thus not on how many rows are asked for. A pool is drawn, weighed and forgotten but for its weights; the
/// particles that were picked are drawn again, to the same bits.
enum Importance {
    static let drawsPerPool = 256
    static let particlesPerPool = 4096

    /// e^(logWeights − their maximum).
    static func weights(_ logWeights: [Double]) -> [Double] {
        let peak = logWeights.max() ?? 0
        return logWeights.map { exp($0 - peak) }
    }
}

extension CompiledModel {
    /// Draws `request.count` rows into `samples`; returns the effective sample size (Σ w)² / Σ w² of all particles, the
    /// pools' added (Kong 1992).
    func resample(
        _ request: SamplingRequest, into samples: inout Samples, buffers: SamplingBuffers, using workspace: Workspace
    ) -> Double {
        var effectiveSampleSize = 0.0
        var first = 0
        // Even a request of no rows says how well its evidence is sampled.
        repeat {
            let targets = first..<min(first + Importance.drawsPerPool, request.count)
            let particles = particles(pool: first / Importance.drawsPerPool, seed: request.seed)
            let weights = Importance.weights(logWeights(of: particles, request, buffers: buffers))
            let sum = weights.reduce(0, +)
            effectiveSampleSize += sum * sum / weights.reduce(0) { $0 + $1 * $1 }
            let choice = Choice(weights)
            let chosen = targets.map { target in
                let uniform = uniform(seed: request.seed, draw: UInt64(target), stream: .resampling)
                let particle = particles[choice(uniform)]
                return Draw(number: particle.number, target: target, member: particle.member)
            }
            run(chosen, request, stream: .particleValues, buffers: buffers) { pass, draws in
                deliver(pass, draws, to: &samples, using: workspace)
            }
            first += Importance.drawsPerPool
        } while first < request.count
        return effectiveSampleSize
    }

    private func particles(pool: Int, seed: UInt64) -> [Draw] {
        let choice = Choice([Double](repeating: 1, count: members.count))
        return (0..<Importance.particlesPerPool).map { index in
            let number = UInt64(pool * Importance.particlesPerPool + index)
            return Draw(
                number: number, target: index,
                member: choice(uniform(seed: seed, draw: number, stream: .particleMember)))
        }
    }

    /// log Π p_s(e_d | x_<d) over the evidence, for each particle.
    private func logWeights(of particles: [Draw], _ request: SamplingRequest, buffers: SamplingBuffers) -> [Double] {
        var logWeights = [Double](repeating: 0, count: particles.count)
        var ordered = [Float](repeating: 0, count: buffers.rowCount * variableCount)
        run(particles, request, stream: .particleValues, buffers: buffers) { pass, draws in
            weigh(pass, draws, request.evidence, into: &logWeights, &ordered)
        }
        return logWeights
    }

    /// Writes log Π p_s(e_d | x_<d) over the evidence to the target of each of the pass's draws; `ordered` is scratch, D
    /// numbers for each row of a pass.
    func weigh(
        _ pass: SamplingPass, _ draws: ArraySlice<Draw>, _ evidence: [Float], into logWeights: inout [Double],
        _ ordered: inout [Float]
    ) {
        surprisals(of: pass.result, into: &ordered)
        let variables = pass.member.ordering.variables
        let known = variables.indices.filter { !evidence[variables[$0]].isNaN }
        for (row, draw) in draws.enumerated() {
            logWeights[draw.target] = -known.reduce(0) { $0 + Double(ordered[row * variableCount + $1]) }
        }
    }
}
