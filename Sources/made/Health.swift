internal import ArgumentParser
internal import DensityService

/// `made health`: for HEALTHCHECK without curl.
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Exit with status 0 where a service is ready.")

    @Argument(help: "Address of the service, such as http://127.0.0.1:8080 or https://localhost:8080.")
    var url: String

    @Option(
        help: "PEM file of the authority, or of the certificate itself, to trust. Default: what this machine trusts.")
    var caFile: String?
    @Flag(help: "Trust any certificate: for a check of one's own machine.")
    var insecure = false

    func run() throws {
        let trust = insecure ? ProbeTrust.anybody : caFile.map { .file($0) } ?? .system
        guard let reason = HealthProbe.check(url, trust: trust) else { return }
        Output.error(reason)
        throw ExitCode.failure
    }
}
