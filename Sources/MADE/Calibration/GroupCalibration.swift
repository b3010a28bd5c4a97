/// Which of the calibration rows each row is compared with where every group of rows is to have its share of false alarms:
/// Mondrian conformal prediction (Vovk et al. 2005, "Algorithmic Learning in a Random World", section 4.5). A row's group is the
/// value of one variable, whose values are 0 and 1 or labels.
///
/// A group of `rowCountMin` calibration rows or more has a calibration of its own. All other rows, those without a value and those
/// of a rare or unseen label too, are the rest: they are compared with the calibration rows of the rest, and where these are
/// fewer than `rowCountMin`, with all calibration rows.
public struct GroupCalibration: Sendable, Equatable {
    /// The variable whose values are the groups.
    public let variable: Int
    /// Its classes as texts [K]: labels, or what the table has for 0 and 1.
    public let names: [String]
    /// The class of the calibration row of each score [n], −1 of a row that is of none: in the order of
    /// `Calibration.logLikelihoods`, and of `cellScores` and `combinedScores` where there are such.
    public let classes: [[Int32]]
    /// Calibration rows of each class [K].
    public let rowCounts: [Int]

    /// With fewer rows no p-value is 0.01 or less.
    public static let rowCountMin = 99

    /// Precondition: `classes` are one or three arrays, the same rows each, of −1..<K.
    public init(variable: Int, names: [String], classes: [[Int32]]) {
        precondition(classes.count == 1 || classes.count == 3)
        self.variable = variable
        self.names = names
        self.classes = classes
        var counts = [Int](repeating: 0, count: names.count)
        for index in classes[0] where index >= 0 { counts[Int(index)] += 1 }
        rowCounts = counts
    }

    /// Of calibration rows whose classes are `rowClasses` [n], in the order in which the other scores are given [n each]: none of
    /// a calibration of likelihoods alone.
    public init(
        variable: Int, names: [String], rowClasses: [Int32], logLikelihoods: [Double], otherScores: [[Double]]
    ) {
        let classes = ([logLikelihoods] + otherScores).map { scores in
            // Ties by class, so that the same rows give the same file.
            zip(scores, rowClasses).sorted { $0 < $1 }.map(\.1)
        }
        self.init(variable: variable, names: names, classes: classes)
    }

    /// What `names` are of a variable of the table `schema`; nil of a variable of numbers.
    public static func names(of variable: Variable, _ schema: Schema?) -> [String]? {
        switch variable.kind {
        case .binary: schema?.columns.first { $0.name == variable.name }?.truthTexts ?? ["0", "1"]
        case .categorical(let categories): categories.labels
        case .real: nil
        }
    }

    /// The class of an encoded value of `variable`; −1 of a missing or unknown one, and of a label that shares its class with
    /// others or was never seen.
    public static func classIndex(of value: Float, _ variable: Variable) -> Int32 {
        let count: Int
        switch variable.kind {
        case .binary: count = 2
        case .categorical(let categories):
            if let other = categories.otherIndex, value == Float(other) { return -1 }
            count = categories.labels.count
        case .real: return -1
        }
        return value >= 0 && value < Float(count) ? Int32(value) : -1
    }

    /// Whether a class has enough calibration rows for itself.
    public func isOwn(_ index: Int) -> Bool { rowCounts[index] >= Self.rowCountMin }

    /// Calibration rows of the rest.
    public var restRowCount: Int {
        classes[0].count - rowCounts.reduce(0) { $0 + ($1 >= Self.rowCountMin ? $1 : 0) }
    }

    /// Whether the rest is compared with its own rows, not with all.
    public var hasOwnRest: Bool { restRowCount >= Self.rowCountMin }
}

/// Scores of calibration rows by group.
struct GroupScores: Sendable {
    /// Of each statistic and each class with a calibration of its own, ascending, nats; the last is the rest's. Empty: of another
    /// class, and of a rest that is compared with all rows.
    private let scores: [[[Double]]]
    let groups: GroupCalibration

    /// `scores`: of each statistic in the order of `groups.classes`, ascending as those.
    init(_ groups: GroupCalibration, likelihoodScores: [Double], otherScores: [[Double]]) {
        self.groups = groups
        let count = groups.names.count
        // Log-likelihoods ascend, their scores fall.
        let classes = [Array(groups.classes[0].reversed())] + groups.classes.dropFirst()
        scores = zip([likelihoodScores] + otherScores, classes).map { scores, classes in
            var parts = [[Double]](repeating: [], count: count + 1)
            for (score, index) in zip(scores, classes) {
                let isOwn = index >= 0 && groups.isOwn(Int(index))
                if isOwn || groups.hasOwnRest { parts[isOwn ? Int(index) : count].append(score) }
            }
            return parts
        }
    }

    /// The scores that a row of `group` is compared with, ascending, nats; nil: all.
    func scores(_ statistic: RowStatistic, of group: Int?) -> [Double]? {
        let place = statistic == .likelihood ? 0 : statistic == .cells ? 1 : 2
        let part = scores[place][group ?? groups.names.count]
        return part.isEmpty ? nil : part
    }

    func rowCount(of group: Int?) -> Int? { scores(.likelihood, of: group)?.count }
}
