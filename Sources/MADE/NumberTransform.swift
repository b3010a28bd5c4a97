#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// What of a number x is centred and scaled: x itself, or its signed logarithm t = w sign(x) log(1 + |x| / w).
///
/// Numbers much smaller than the linear width w are left as they are, of much larger ones ratios count. As the kernels and the
/// reader of rows have it.
public struct NumberTransform: Sendable, Equatable {
    /// w, above 0, in the data's own units; nil where t is x.
    public let linearWidth: Double?

    /// Precondition: a width above 0, or nil.
    public init(linearWidth: Double?) { self.linearWidth = linearWidth }

    /// t of x.
    public func callAsFunction(_ x: Double) -> Double {
        guard let width = linearWidth else { return x }
        let magnitude = width * log1p(abs(x) / width)
        return x < 0 ? -magnitude : magnitude
    }

    /// x of t, held within the numbers that there are.
    func inverse(_ t: Double) -> Double {
        guard let width = linearWidth else { return t }
        let magnitude = min(width * expm1(abs(t) / width), .greatestFiniteMagnitude)
        return t < 0 ? -magnitude : magnitude
    }

    /// log |dx/dt| at t, nats.
    public func logVolume(_ t: Double) -> Double { linearWidth.map { abs(t) / $0 } ?? 0 }

    /// E[x] of a t that is normal.
    func mean(_ t: (mean: Double, deviation: Double)) -> Double {
        guard let width = linearWidth else { return t.mean }
        return moment(t) { sign, part in sign * width * (part(1) - part(0)) }
    }

    /// E[(x − centre)²] of a t that is normal.
    func secondMoment(_ t: (mean: Double, deviation: Double), about centre: Double) -> Double {
        guard let width = linearWidth else {
            return t.deviation * t.deviation + (t.mean - centre) * (t.mean - centre)
        }
        return moment(t) { sign, part in
            // sign x = w (e^s − 1), so that sign x − sign centre = w (e^s − c).
            let c = 1 + sign * centre / width
            return max(width * width * (part(2) - c * (2 * part(1) - c * part(0))), 0)
        }
    }

    /// The sum over both signs of what `of` makes of E[e^(k s); s > 0], s = sign t / w; held within the numbers that there are.
    private func moment(
        _ t: (mean: Double, deviation: Double), of: (_ sign: Double, _ part: (Double) -> Double) -> Double
    ) -> Double {
        let width = linearWidth ?? 1
        let deviation = t.deviation / width
        return [1.0, -1].reduce(0) { sum, sign in
            let mean = sign * t.mean / width
            let term = of(sign) { k in
                // Of the logarithm: e^(k s) alone may be beyond all numbers where nearly nothing lies.
                let share = erfc(-(mean / deviation + k * deviation) / 2.0.squareRoot()) / 2
                return exp(min(k * mean + k * k * deviation * deviation / 2 + log(share), 170))
            }
            return sum + term
        }
    }
}
