internal import ArgumentParser
internal import DensityService

/// `made health`: for HEALTHCHECK without curl.
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Exit with status 0 where a service is ready.")

    @Argument(help: "Address of the service, such as http://127.0.0.1:8080.")
    var url: String

    func run() throws {
        guard let reason = HealthProbe.check(url) else { return }
        Output.note(reason)
        throw ExitCode.failure
    }
}
