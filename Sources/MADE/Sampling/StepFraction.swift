extension RealEncoding {
    /// The step as a fraction over / under of whole numbers, where it is the float of a decimal of at most six places: its
    /// multiples k · over / under are then the floats of their own decimals, which k · step would miss by its rounding.
    /// (0, 1) of a continuous column.
    var stepFraction: (over: Float, under: Float) {
        guard let step else { return (0, 1) }
        var under = 1.0
        for _ in 0...6 {
            let over = (Double(step) * under).rounded()
            // Products with whole numbers below 2^24 are exact only while these are small.
            if over >= 1, over < 0x1p16, Float(over / under) == step { return (Float(over), Float(under)) }
            under *= 10
        }
        return (step, 1)
    }
}
