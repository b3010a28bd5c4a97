/// What a row's p-value ranks by. Larger is more unusual, of each. What is made of surprisals compares densities of encoded
/// values (see `LogVolumes`).
public enum RowStatistic: String, Sendable, CaseIterable {
    /// −log p(x), nats: how improbable the row is as a whole. One wrong value among many right ones is diluted in it.
    case likelihood
    /// The row's most surprising value, each variable's surprisal measured by how rare it is among the calibration rows'
    /// surprisals of that variable: −log of that share, nats; and, as in `combined`, how rare it is that a row has values which
    /// training never saw (see `UnseenRarity`).
    case cells
    /// The sum of both, each as −log of its share of the calibration rows, nats: Fisher's way of joining two tests (Fisher
    /// 1925, "Statistical Methods for Research Workers", §21.1), calibrated anew since the two are not independent.
    case combined
}
