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
            Exit status: 0 success, 1 the work failed, 2 wrong usage. Where the reader of standard output goes away before \
            the end, as head does, it is 1, without a message.
            """,
        subcommands: [
            Serve.self, Train.self, Evaluate.self, Score.self, Sample.self, Inspect.self, Import.self, Health.self,
        ])

    /// Wrong usage ends with status 2, not with the 64 of `sysexits.h` that ArgumentParser has.
    static func main() {
        Output.prepare()
        do {
            var command = try parseAsRoot()
            try command.run()
            try Output.close()
        } catch {
            Glibc.exit(end(with: error))
        }
    }

    /// Tells `error`, which may be a call for help, and returns the exit status.
    private static func end(with error: any Error) -> Int32 {
        let status = exitCode(for: error)
        let message = fullMessage(for: error)
        if status.isSuccess {
            do throws(Output.Failure) {
                if !message.isEmpty { try Output.print(message) }
                try Output.close()
            } catch {
                return end(with: error)
            }
        } else if !message.isEmpty, (error as? Output.Failure)?.isOfReader != true {
            Output.note(message)
        }
        return status == .validationFailure ? 2 : status.rawValue
    }
}
