import Foundation
import FoundationXML
import MADE
import MADERows
import Oracle
import Testing

@testable import MADETraining

/// Charts as documents.
@Suite struct PictureTests {
    /// The names and attributes of a document's elements; nil where it is not XML.
    private final class Elements: NSObject, XMLParserDelegate {
        var found: [(name: String, attributes: [String: String])] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            found.append((name, attributes))
        }
    }

    private func elements(_ svg: String) throws -> [(name: String, attributes: [String: String])] {
        let parser = XMLParser(data: Data(svg.utf8))
        let elements = Elements()
        parser.delegate = elements
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return elements.found
    }

    private func card(name: String = "a <b> & \"c\"", hasCurve: Bool, imageWidth: Int?) -> ModelCard {
        var generator = PhiloxGenerator(seed: 2)
        var model = RandomModel.binary(
            variableCount: 12, hiddenWidths: [8], activation: .relu, direct: true, encoding: .plusMinusOne,
            using: &generator)
        model.name = name
        model.imageWidth = imageWidth
        model.calibration = Calibration(logLikelihoods: (1...199).map { -Double($0) / 20 })
        if hasCurve {
            let curve = TrainingCurve(
                epochs: [1, 2, 3, 4], trainNats: [90, 9, 8, 7.5], validationNats: [80, 9.5, 8.5, 8])
            model.training = TrainingSummary(
                trainRows: 9, validationRows: 2, calibrationRows: 199, epochs: 4, trainNats: 7, validationNats: 8,
                seed: 1, curve: curve)
        }
        return model.card
    }

    @Test func aModelsPictureHasWhatTheModelHas() throws {
        let sheet = Array(repeating: Float(1), count: SampleSheet.count * 12)
        let whole = try #require(Picture.ofModel(card(hasCurve: true, imageWidth: 4)) { _ in sheet })
        let found = try elements(whole)
        #expect(found.count { $0.attributes["class"]?.hasPrefix("line ") == true } == 2)
        #expect(found.count { $0.attributes["class"] == "area first" } == 1)
        // Of 199 rows 0.05 and 0.01 can be reached, 0.001 cannot.
        #expect(found.count { $0.name == "path" && $0.attributes["class"] == "threshold" } == 2)
        #expect(found.count { $0.attributes["class"] == "pixel" } == SampleSheet.count)
        let plain = try #require(Picture.ofModel(card(hasCurve: false, imageWidth: nil)) { _ in [] })
        #expect(try elements(plain).contains { $0.attributes["class"]?.hasPrefix("line ") == true } == false)
    }

    @Test func scoresOfAnySizeMakeADocument() throws {
        for scores in [[5.0], [3, 3, 3], [-2, 0.5, 9, 1e12], [1e-9, 2e-9]] {
            for group in [ScoreTally.Group.unlabelled, .anomaly] {
                let card = card(hasCurve: false, imageWidth: nil)
                var tally = ScoreTally(Judgement(card.calibration, alpha: 0.01), keepsScores: true)
                for score in scores { tally.take(-score, score: score, group) }
                let found = try elements(Picture.ofScores(tally, card))
                #expect(found.contains { $0.attributes["class"]?.hasPrefix("area") == true })
                let data = found.compactMap { $0.attributes["d"] }.joined()
                #expect(!data.contains("nan") && !data.contains("inf"), "\(scores)")
            }
        }
    }

    @Test(arguments: [0.05, 0.01, 0.2]) func scoresAboveAThresholdAreThoseThatAreFlagged(_ alpha: Double) throws {
        let calibration = Calibration(logLikelihoods: (0..<199).map { -Double($0 % 40) })
        let threshold = try #require(ScoreCharts.threshold(alpha, calibration.scores(.likelihood)))
        for score in [threshold, threshold + 1e-9, threshold - 1e-9] + (0..<50).map(Double.init) {
            #expect((score > threshold) == (calibration.pValue(of: -score) <= alpha), "\(score)")
        }
        #expect(ScoreCharts.threshold(0.001, calibration.scores(.likelihood)) == nil)
    }

    @Test func ticksAreRoundAndInTheRange() {
        #expect(Axis("", 0...1).ticks.map(Axis.text) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
        #expect(Axis("", -3...17).ticks.map(Axis.text) == ["0", "5", "10", "15"])
        #expect(Axis("", 4...4).ticks.map(Axis.text) == ["3.6", "3.8", "4", "4.2", "4.4"])
        #expect(Axis(logarithmic: "", 0.0004...1).ticks.map(Axis.text) == ["0.001", "0.01", "0.1", "1"])
    }
}
