import ArgumentParser

@main
struct Made: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "made", abstract: "Train a density model on a table, and serve it over HTTP.", subcommands: [Train.self])
}
