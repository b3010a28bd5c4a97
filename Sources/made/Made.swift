import ArgumentParser
internal import DensityService
internal import Glibc
internal import MADERows

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
        version: Build.version,
        subcommands: [
            Serve.self, Train.self, Evaluate.self, Score.self, Sample.self, Impute.self, Repair.self, Inspect.self,
            Import.self,
            Health.self,
            Key.self,
        ])

    /// Wrong usage ends with status 2, not with the 64 of `sysexits.h` that ArgumentParser has.
    static func main() {
        Output.prepare()
        do {
            try checkVerb(CommandLine.arguments.dropFirst().first)
            var command = try parseAsRoot()
            do {
                try command.run()
            } catch let error as ValidationError {
                throw WrongUsage(error: error, verb: type(of: command))
            }
            try Output.close()
        } catch {
            Glibc.exit(end(with: error))
        }
    }

    /// What a verb says of its arguments after they are parsed, which ArgumentParser takes for a fault of the program's.
    private struct WrongUsage: Error {
        let error: ValidationError
        let verb: any ParsableCommand.Type

        var message: String {
            """
            Error: \(error.message)
            Usage: \(Made.usageString(for: verb))
              See 'made \(verb._commandName) --help' for more information.
            """
        }
    }

    /// ArgumentParser knows the nearest option to a wrong one, but not the nearest verb.
    private static func checkVerb(_ word: String?) throws {
        guard let word, !word.isEmpty, !word.hasPrefix("-") else { return }
        let verbs = configuration.subcommands.map { $0._commandName }
        if verbs.contains(word) || word == "help" { return }
        throw ValidationError(
            "\(quoted(word)) is not a verb\(suggestion(for: word, among: verbs)); the verbs are "
                + verbs.joined(separator: ", "))
    }

    /// Tells `error`, which may be a call for help, and returns the exit status.
    private static func end(with error: any Error) -> Int32 {
        if let usage = error as? WrongUsage {
            Output.error(usage.message)
            return 2
        }
        let error = ArgumentError(error) ?? error
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
            Output.error(message)
        }
        return status == .validationFailure ? 2 : status.rawValue
    }
}
