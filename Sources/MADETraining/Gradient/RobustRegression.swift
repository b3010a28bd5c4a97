/// The linear regression of numbers on others: what most rows have in common is not lost to some that are wrong.
struct RobustRegression {
    private static let iterationCount = 8
    /// Iterations at first that count a row by the inverse of its residual, which finds what most rows have in common even
    /// where many have not.
    private static let firstCount = 3
    /// Share of the sum of the rows' weights that is added to each variance.
    private static let ridge = 1e-5

    /// [rows × inputCount].
    let inputs: [Double]
    let inputCount: Int
    /// [rows].
    let targets: [Double]

    /// 1.4826 × the median size of the residuals of every other row from weights found on the rows between; nil where that is
    /// more than `limit`.
    func heldOutDeviation(atMost limit: Double) -> Double? {
        let halves = (0..<2).map { half in Array(stride(from: half, to: targets.count, by: 2)) }
        // What is far from it without iterations does not get there by them.
        guard let plain = weights(from: halves[0], iterationCount: 1),
            1.4826 * Self.median(residuals(of: halves[1], from: plain)) <= 2 * limit
        else { return nil }
        var sizes: [Double] = []
        for half in 0..<2 {
            guard let weights = weights(from: halves[half]) else { return nil }
            sizes += residuals(of: halves[1 - half], from: weights)
        }
        let deviation = 1.4826 * Self.median(sizes)
        return deviation <= limit ? deviation : nil
    }

    /// One an input, then the intercept, by iteratively reweighted least squares (Holland and Welsch 1977, with Cauchy's
    /// weights at last); nil where they are not finite.
    func weights(from rows: [Int], iterationCount: Int = iterationCount) -> [Double]? {
        var rowWeights = [Double](repeating: 1, count: rows.count)
        var weights: [Double]?
        for iteration in 0..<iterationCount {
            guard let found = leastSquares(rows, rowWeights) else { return nil }
            weights = found
            guard iteration + 1 < iterationCount else { break }
            let sizes = residuals(of: rows, from: found)
            let deviation = max(1.4826 * Self.median(sizes), 1e-4)
            rowWeights = sizes.map { size in
                let distance = size / deviation
                return iteration < Self.firstCount ? 1 / max(distance, 0.3) : 1 / (1 + distance * distance / 6)
            }
        }
        return weights
    }

    /// The sizes of the rows' residuals.
    private func residuals(of rows: [Int], from weights: [Double]) -> [Double] {
        rows.map { row in
            var residual = targets[row] - weights[inputCount]
            for input in 0..<inputCount { residual -= weights[input] * inputs[row * inputCount + input] }
            return abs(residual)
        }
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    /// Ridge regression with weighted rows, by Cholesky's decomposition of the normal equations.
    private func leastSquares(_ rows: [Int], _ rowWeights: [Double]) -> [Double]? {
        let count = inputCount + 1
        var right = [Double](repeating: 0, count: count)
        var matrix = [Double](repeating: 0, count: count * count)
        var line = [Double](repeating: 1, count: count)
        matrix.withUnsafeMutableBufferPointer { matrix in
            for (row, weight) in zip(rows, rowWeights) {
                for input in 0..<inputCount { line[input] = inputs[row * inputCount + input] }
                line.withUnsafeBufferPointer { line in
                    for i in 0..<count where line[i] != 0 {
                        let scaled = weight * line[i]
                        right[i] += scaled * targets[row]
                        for j in 0...i { matrix[i * count + j] += scaled * line[j] }
                    }
                }
            }
            let ridge = Self.ridge * rowWeights.reduce(0, +)
            for i in 0..<inputCount { matrix[i * count + i] += ridge }
            for i in 0..<count {
                for j in 0...i {
                    var sum = matrix[i * count + j]
                    for k in 0..<j { sum -= matrix[i * count + k] * matrix[j * count + k] }
                    matrix[i * count + j] = i == j ? sum.squareRoot() : sum / matrix[j * count + j]
                }
                for k in 0..<i { right[i] -= matrix[i * count + k] * right[k] }
                right[i] /= matrix[i * count + i]
            }
            for i in (0..<count).reversed() {
                for k in i + 1..<count { right[i] -= matrix[k * count + i] * right[k] }
                right[i] /= matrix[i * count + i]
            }
        }
        return right.allSatisfy(\.isFinite) ? right : nil
    }
}
