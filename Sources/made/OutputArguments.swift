internal import ArgumentParser
internal import MADE
internal import Synchronization

/// What verbs say on standard error.
struct RemarkArguments: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Errors alone on standard error: no progress and no remarks.")
    var quiet = false

    func validate() throws {
        if quiet { Output.isQuiet.store(true, ordering: .relaxed) }
    }
}

/// How verbs print results that are no tables.
struct ResultArguments: ParsableArguments {
    @Flag(help: "Print the results as one JSON object.")
    var json = false
}

/// How verbs write the files that they are asked for.
struct OutputArguments: ParsableArguments {
    @Flag(
        help: """
            Replace any other file in the output's place, the input too; of a link, the file it leads to. Devices, pipes, \
            sockets and folders are never replaced.
            """)
    var force = false

    /// The file at `path`, checked before the work begins.
    ///
    /// - Parameter inputs: files that the verb reads, as far as they are given.
    func target(_ path: String, _ kind: OutputKind, inputs: [String?]) throws(OutputError) -> OutputTarget {
        try OutputTarget(path: path, kind: kind, inputs: inputs.compactMap(\.self), force: force)
    }
}
