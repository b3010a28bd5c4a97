internal import ArgumentParser
internal import DensityService

/// `made key`: a key for whoever may ask the service, and its line for the file of keys.
struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an API key, and print its line for the file of keys.",
        discussion: """
            The line goes to standard output, for 'made key alice >> keys.txt'; it holds the SHA-256 of the key. The key \
            itself goes to standard error, this once: give it to whoever shall use it.
            """)

    @Argument(help: "Whose key it is, for the log: letters, digits, '-', '_', '.' and '@'.")
    var name: String

    @Argument(help: "What it allows, with commas between: score, metrics, admin.")
    var scopes = "score"

    func run() throws {
        let key: NewKey
        do throws(ServiceError) {
            key = try NewKey(name: name, scopes: scopes)
        } catch {
            throw ValidationError(error.description)
        }
        try Output.print(key.line)
        Output.error("key of \(name): \(key.text)")
    }
}
