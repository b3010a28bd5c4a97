import Foundation
import Oracle
import Testing

@testable import MADE

/// Calibrations by group.
@Suite struct GroupCalibrationTests {
    private static let labels = Variable(
        name: "kind",
        kind: .categorical(
            Categories(labels: ["a", "b", "c", "other"], otherIndex: 3, rareLabels: ["d"], rareRowCounts: [2])),
        unseen: UnseenValues(rowCount: 100), hasMissing: true)
    private static let twoValued = Variable(name: "two", kind: .binary(.plusMinusOne))
    private static let number = Variable(
        name: "x", kind: .real(RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 1)))

    @Test func aRowsGroupIsItsLabelWhereThatIsOneOfItsOwn() {
        let missing = Variable.missingValue
        let found = ([0, 1, 2, 3, 4, -1, missing, .nan] as [Float]).map {
            GroupCalibration.classIndex(of: $0, Self.labels)
        }
        #expect(found == [0, 1, 2, -1, -1, -1, -1, -1])
        let two = ([0, 1, -1, missing, .nan] as [Float]).map { GroupCalibration.classIndex(of: $0, Self.twoValued) }
        #expect(two == [0, 1, -1, -1, -1])
        #expect(GroupCalibration.classIndex(of: 1, Self.number) == -1)
        #expect(GroupCalibration.names(of: Self.number, nil) == nil)
        #expect(GroupCalibration.names(of: Self.twoValued, nil) == ["0", "1"])
        var column = Schema.Column(name: "two")
        column.truthTexts = ["no", "yes"]
        #expect(GroupCalibration.names(of: Self.twoValued, Schema(columns: [column])) == ["no", "yes"])
    }

    /// Rows of so many of each class, the last of none, with scores of each statistic on a coarse grid, so that many are tied.
    private func calibration(
        _ counts: [Int], seed: UInt64, hasCells: Bool = true
    ) -> (calibration: Calibration, classes: [Int32], scores: [RowStatistic: [Double]]) {
        var generator = PhiloxGenerator(seed: seed)
        let classes = counts.enumerated().flatMap { index, count in
            [Int32](repeating: index == counts.count - 1 ? -1 : Int32(index), count: count)
        }.shuffled(using: &generator)
        let scores = [[Double]](repeating: [], count: 3).map { _ in
            classes.map { (Double.random(in: 0...(4 + 2 * Double($0)), using: &generator) * 4).rounded() / 4 }
        }
        let curve = TailCurve([2, 1, 0])
        let cells = CellCalibration(
            surprisals: [curve, curve], cells: curve, likelihood: curve, cellScores: scores[1],
            combinedScores: scores[2])
        let logLikelihoods = scores[0].map { 0 - $0 }
        let calibration = Calibration(
            logLikelihoods: logLikelihoods, cells: hasCells ? cells : nil,
            groups: GroupCalibration(
                variable: 1, names: ["a", "b", "c", "other"], rowClasses: classes, logLikelihoods: logLikelihoods,
                otherScores: hasCells ? [scores[1], scores[2]] : []),
            variables: [Self.number, Self.labels])
        return (
            calibration, classes,
            Dictionary(uniqueKeysWithValues: zip(RowStatistic.allCases, hasCells ? scores : [scores[0]]))
        )
    }

    /// Of each group, and of the rest where that has rows enough and where it has not.
    @Test(arguments: [[99, 150, 98, 0, 40], [99, 150, 40, 0, 30], [20, 30, 40, 0, 0], [120, 130, 140, 0, 0]])
    func pValuesAreRanksAmongTheRowsOfTheGroup(counts: [Int]) {
        for hasCells in [true, false] {
            let (calibration, classes, scores) = calibration(counts, seed: 3, hasCells: hasCells)
            let own = (0..<3).filter { counts[$0] >= 99 }
            let rest = classes.indices.filter { !own.contains(Int(classes[$0])) }
            #expect(calibration.statistics.count == scores.count)
            for statistic in calibration.statistics {
                let all = scores[statistic] ?? []
                for (index, value) in ([0, 1, 2, 3, 4, -1, Variable.missingValue, .nan] as [Float]).enumerated() {
                    let group = calibration.group(of: [5, value].span)
                    #expect(group == (own.contains(index) ? index : nil))
                    let rows =
                        group.map { group in classes.indices.filter { classes[$0] == Int32(group) } }
                        ?? (rest.count >= 99 ? rest : Array(classes.indices))
                    #expect(calibration.rowCount(of: group) == rows.count)
                    #expect(calibration.smallestPValue(in: group) == 1 / Double(1 + rows.count))
                    for score in stride(from: -0.5, through: 12, by: 0.125) {
                        let expected = Double(1 + rows.count { all[$0] >= score }) / Double(1 + rows.count)
                        #expect(calibration.pValue(of: score, by: statistic, in: group) == expected)
                    }
                    #expect(calibration.scores(statistic, of: group) == rows.map { all[$0] }.sorted())
                }
            }
            let most = (own.map { counts[$0] } + [rest.count >= 99 ? rest.count : classes.count]).max() ?? 0
            #expect(calibration.rowCountMax == most && calibration.smallestPValue == 1 / Double(1 + most))
        }
    }

    /// Two groups of which one is twice as spread, a third that is rare: with a calibration a group each has its share of
    /// false alarms, with a common one none has.
    @Test func everyGroupHasItsShareOfFalseAlarms() {
        let alpha = 0.05
        let (rounds, newCount) = (60, 200)
        var own = [0, 0]
        var common = [0, 0]
        for seed in 0..<rounds {
            var generator = PhiloxGenerator(seed: UInt64(seed))
            func row() -> (group: Int32, score: Double) {
                let group = Int32(Bool.random(using: &generator) ? 1 : 0)
                return (group, -log(Double.random(in: 1e-12..<1, using: &generator)) * Double(1 + group))
            }
            let rows = (0..<800).map { _ in row() }
            let logLikelihoods = rows.map { -$0.score }
            let calibration = Calibration(
                logLikelihoods: logLikelihoods,
                groups: GroupCalibration(
                    variable: 0, names: ["0", "1"], rowClasses: rows.map(\.group), logLikelihoods: logLikelihoods,
                    otherScores: []),
                variables: [Self.twoValued])
            for _ in 0..<2 * newCount {
                let (group, score) = row()
                let found = calibration.group(of: [Float(group)].span)
                if calibration.pValue(of: score, by: .likelihood, in: found) <= alpha { own[Int(group)] += 1 }
                if calibration.pValue(of: score, by: .likelihood) <= alpha { common[Int(group)] += 1 }
            }
        }
        let count = Double(rounds * newCount)
        // Of the new rows, and of the 400 or so calibration rows of a group that all new rows of a round share.
        let deviation = (alpha * (1 - alpha) * (1 / count + 1 / Double(400 * rounds))).squareRoot()
        for group in [0, 1] {
            #expect(abs(Double(own[group]) / count - alpha) < 4 * deviation + 1 / 400, "\(own)")
            #expect(abs(Double(common[group]) / count - alpha) > 8 * deviation, "\(common)")
        }
    }

    // MARK: - Files

    private let folder = FileManager.default.temporaryDirectory.appending(path: "made-\(UUID().uuidString)")

    private func model(hasCells: Bool = true, counts: [Int] = [99, 150, 98, 0, 40]) -> DensityModel {
        var generator = PhiloxGenerator(seed: 4)
        var model = RandomModel.mixed(
            [Self.number, Self.labels], hiddenWidths: [8], direct: true, memberCount: 1, using: &generator)
        model.calibration = calibration(counts, seed: 9, hasCells: hasCells).calibration
        return model
    }

    private func withFolder(_ work: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try work(folder.appending(path: "model.safetensors").path)
    }

    @Test(arguments: [true, false]) func aFileKeepsGroups(hasCells: Bool) throws {
        try withFolder { path in
            let model = model(hasCells: hasCells)
            try Checkpoint.write(model, to: path)
            let bytes = FileManager.default.contents(atPath: path)
            let read = try Checkpoint.read(path)
            let found = try #require(read.calibration?.groups)
            #expect(read.calibration == model.calibration && found.names == ["a", "b", "c", "other"])
            #expect(found.rowCounts == [99, 150, 98, 0] && found.restRowCount == 138)
            try Checkpoint.write(read, to: path)
            #expect(FileManager.default.contents(atPath: path) == bytes)
            #expect(CompiledModel(read).card.calibration?.group(of: [0, 1].span) == 1)
        }
    }

    @Test func aModelWithoutGroupsHasNothingOfThemInItsFile() throws {
        try withFolder { path in
            var model = model()
            let all = try #require(model.calibration)
            model.calibration = Calibration(
                logLikelihoods: all.logLikelihoods, cells: all.cells, variables: model.variables)
            try Checkpoint.write(model, to: path)
            let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
            #expect(!text.contains("group"))
        }
    }

    /// A file with other bytes of the same length in the place of some.
    private func problem(
        _ path: String, _ model: DensityModel, replacing old: String, by new: String
    ) throws -> String {
        try Checkpoint.write(model, to: path)
        var bytes = try #require(FileManager.default.contents(atPath: path))
        let place = try #require(bytes.firstRange(of: Data(old.utf8)))
        bytes.replaceSubrange(place, with: Data(new.utf8))
        try bytes.write(to: URL(filePath: path))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.read(path) }
        return error?.description ?? "none"
    }

    @Test func aFileWhoseGroupsAreDamagedIsRefused() throws {
        try withFolder { (path: String) throws -> Void in
            let model = model()
            func problem(_ old: String, _ new: String) throws -> String {
                try self.problem(path, model, replacing: old, by: new)
            }
            #expect(try problem(#"\"groups\":\"kind\""#, #"\"groups\":\"kine\""#).contains("'groups' is 'kine'"))
            #expect(
                try problem(#"\"groups\":\"kind\""#, #"\"groups\":\"x\"   "#).hasSuffix(
                    "'groups' is 'x'; it must be the name of a binary or categorical variable"))
            #expect(try problem(#"\"groups\":\"kind\""#, #"\"groupz\":\"kind\""#).contains("'groups' is missing"))
            #expect(
                try problem("\"calibration.group\"", "\"calibration.grouq\"").hasSuffix(
                    "tensor calibration.group is missing"))
            #expect(try problem("\"shape\":[3,387]", "\"shape\":[387,3]").contains("has shape [387, 3], not [3, 387]"))
        }
    }

    @Test func groupsThatNoRowCanHaveAreRefused() throws {
        try withFolder { path in
            let model = model()
            try Checkpoint.write(model, to: path)
            let file = try #require(FileManager.default.contents(atPath: path))
            let classes = try #require(model.calibration?.groups?.classes)
            let old = Data(classes.flatMap(\.self).flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) })
            let place = try #require(file.firstRange(of: old))
            for (value, reason) in [
                (Int32(4), "it must lie in -1…3"), (-2, "it must lie in -1…3"),
                (classes[0][0] == 0 ? 1 : 0, "has other groups for one statistic than for another"),
            ] {
                var bytes = file
                bytes.replaceSubrange(
                    place.lowerBound..<place.lowerBound + 4, with: withUnsafeBytes(of: value.littleEndian, Array.init))
                try bytes.write(to: URL(filePath: path))
                let error = #expect(throws: CheckpointError.self) { try Checkpoint.read(path) }
                #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
            }
        }
    }
}
