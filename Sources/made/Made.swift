import ArgumentParser
internal import Glibc

@main
struct Made: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "made",
        abstract: "Train a density model on a table, and serve it over HTTP.",
        discussion: """
            A model gives every row of a table its exact log-likelihood, p-value and the columns to blame.
            Results go to standard output, progress and errors to standard error.
            Exit status: 0 success, 1 the work failed, 2 wrong usage.
            """,
        subcommands: [
            Serve.self, Train.self, Evaluate.self, Score.self, Sample.self, Inspect.self, Import.self, Health.self,
        ])

    /// Wrong usage ends with status 2, not with the 64 of `sysexits.h` that ArgumentParser has.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let status = exitCode(for: error)
            let message = fullMessage(for: error)
            if !message.isEmpty {
                if status.isSuccess { print(message) } else { Output.note(message) }
            }
            Glibc.exit(status == .validationFailure ? 2 : status.rawValue)
        }
    }
}
