import CStaircase
import Foundation
import Testing

/// The loss of a softmax and its derivatives against double precision.
@Suite struct SoftmaxGradientTests {
    private static let share: Float = 0.25

    /// Labels [rows] and logits [rows × stride], one of them far above the others.
    private func rows(_ count: Int, classes: Int) -> (labels: [Float], logits: [Float]) {
        var generator = Generator(state: UInt64(count * 100 + classes))
        var logits = generator.floats(count * (classes + 3), in: -4...4)
        logits[0] = 60
        return ((0..<count).map { _ in Float(Int.random(in: 0..<classes, using: &generator)) }, logits)
    }

    private func replaced(
        _ path: Path, _ labels: [Float], _ logits: [Float], classes: Int
    ) -> (nats: [Float], slopes: [Float]) {
        var slopes = logits
        var nats = [Float](repeating: .nan, count: labels.count)
        path.functions.softmax_gradient(labels.count, classes, Self.share, labels, &slopes, classes + 3, &nats)
        return (nats, slopes)
    }

    @Test(arguments: Path.all, [1, 2, 3, 17, 300]) func lossAndSlopesAreTheReferences(path: Path, classes: Int) {
        for count in [1, 15, 16, 37] {
            let (labels, logits) = rows(count, classes: classes)
            let (nats, slopes) = replaced(path, labels, logits, classes: classes)
            for row in 0..<count {
                let all = row * (classes + 3)..<(row + 1) * (classes + 3)
                let line = logits[all.prefix(classes)].map(Double.init)
                let peak = line.max() ?? 0
                let total = peak + log(line.reduce(0) { $0 + exp($1 - peak) })
                let label = Int(labels[row])
                let expected = total - line[label]
                #expect(abs(Double(nats[row]) - expected) < 2e-6 * max(1, expected), "row \(row) of \(count)")
                let isRight = line.indices.allSatisfy { place in
                    let slope = Double(Self.share) * (exp(line[place] - total) - (place == label ? 1 : 0))
                    return abs(Double(slopes[all.lowerBound + place]) - slope) < 1e-7
                }
                #expect(isRight, "row \(row) of \(count)")
                #expect(slopes[all.suffix(3)] == logits[all.suffix(3)])
            }
        }
    }

    @Test(arguments: Path.all) func whatIsNotKnownCostsNothing(path: Path) {
        var (labels, logits) = rows(20, classes: 4)
        for row in [4, 19] { labels[row] = .nan }
        let (nats, slopes) = replaced(path, labels, logits, classes: 4)
        for row in [4, 19] {
            #expect(nats[row] == 0)
            #expect(slopes[row * 7..<row * 7 + 4].allSatisfy { $0 == 0 })
        }
        #expect(nats.enumerated().allSatisfy { $0.offset == 4 || $0.offset == 19 || $0.element != 0 })
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        let (labels, logits) = rows(50, classes: 23)
        let bits = Path.fused.map { path in
            let (nats, slopes) = replaced(path, labels, logits, classes: 23)
            return (nats + slopes).map(\.bitPattern)
        }
        #expect(bits.allSatisfy { $0 == bits.first })
    }
}
