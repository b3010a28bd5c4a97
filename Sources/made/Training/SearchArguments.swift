import ArgumentParser
import MADETraining

/// The options of `made train` that search for settings.
struct SearchArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Try so many settings on the validation rows, and keep the best.",
            discussion: """
                The first trial is the command as it stands; the others vary layers and widths, learning rate, dropout, \
                weight decay, L1 and, for numbers, Gaussians, noise and steps around their defaults, but for what the \
                command gives by an option of its own. A trial whose first network is left behind by the best trial's is \
                abandoned. The model is what a plain training with the winner's settings gives, to the bit; the last \
                line is the command of that training. Calibration and test rows have no part in the choice. Where the \
                calibration is cross-fitted, only the winner is, in the end.

                The same table, options, seed and number of settings have the same winner. With --search-minutes that \
                holds only where the time did not run out: how many trials end in time is up to the machine.

                Until it has ended, a search is kept in OUTPUT.search.json: after Ctrl-C the output is the best model \
                so far, and the same command goes on. The number of settings, the minutes and the threads may be \
                others, then.
                """,
            valueName: "settings"))
    var search: Int?

    @Option(help: "Minutes that a search may take, before the winner's cross-fitting. (default: as many as it takes)")
    var searchMinutes: Double?

    func validate() throws {
        guard searchMinutes == nil || search != nil else {
            throw ValidationError("--search-minutes needs --search, the number of settings to try")
        }
    }
}
