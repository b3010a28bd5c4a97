internal import ArgumentParser
internal import DensityService

// The flags of `made serve`: one a setting, under the setting's name. `settings(of:)` reads them off the properties, so
// that none can be declared and left out.

struct ListeningFlags: ParsableArguments {
    @Option(help: .setting("host")) var host: String?
    @Option(help: .setting("port")) var port: String?
    @Option(help: .setting("connections-max")) var connectionsMax: String?
    @Option(help: .setting("address-connections-max")) var addressConnectionsMax: String?
    @Option(help: .setting("uri-bytes-max")) var uriBytesMax: String?
    @Option(help: .setting("header-bytes-max")) var headerBytesMax: String?
    @Option(help: .setting("header-fields-max")) var headerFieldsMax: String?
    @Option(help: .setting("body-bytes-max")) var bodyBytesMax: String?
    @Option(help: .setting("bulk-bytes-max")) var bulkBytesMax: String?
    @Option(help: .setting("bulk-answer-bytes-max")) var bulkAnswerBytesMax: String?
    @Option(help: .setting("memory-bytes-max")) var memoryBytesMax: String?
    @Option(help: .setting("head-seconds-max")) var headSecondsMax: String?
    @Option(help: .setting("body-seconds-max")) var bodySecondsMax: String?
    @Option(help: .setting("idle-seconds-max")) var idleSecondsMax: String?
    @Option(help: .setting("grace-seconds")) var graceSeconds: String?
    @Option(help: .setting("shutdown-delay-seconds")) var shutdownDelaySeconds: String?
}

struct AccessFlags: ParsableArguments {
    @Option(help: .setting("api-keys-file")) var apiKeysFile: String?
    @Option(help: .setting("tls-certificate-file")) var tlsCertificateFile: String?
    @Option(help: .setting("tls-key-file")) var tlsKeyFile: String?
    @Option(help: .setting("tls-client-ca-file")) var tlsClientCAFile: String?
    @Option(help: .setting("key-rate-max")) var keyRateMax: String?
    @Option(help: .setting("key-burst-max")) var keyBurstMax: String?
    @Option(help: .setting("address-rate-max")) var addressRateMax: String?
    @Option(help: .setting("address-burst-max")) var addressBurstMax: String?
    @Option(help: .setting("cors-origins")) var corsOrigins: String?
}

struct ModelFlags: ParsableArguments {
    @Option(help: .setting("watch-models")) var watchModels: String?
    @Option(help: .setting("model-read-seconds-max")) var modelReadSecondsMax: String?
    @Option(help: .setting("default-model")) var defaultModel: String?
    @Option(help: .setting("alpha")) var alpha: String?
    @Option(help: .setting("statistic")) var statistic: String?
    @Option(help: .setting("activation")) var activation: String?
    @Option(help: .setting("weights")) var weights: String?
    @Option(help: .setting("sample-rows-max")) var sampleRowsMax: String?
    @Option(help: .setting("drift-rows")) var driftRows: String?
}

struct WorkFlags: ParsableArguments {
    @Option(help: .setting("loops")) var loops: String?
    @Option(help: .setting("workers")) var workers: String?
    @Option(help: .setting("inline-budget")) var inlineBudget: String?
    @Option(help: .setting("batch-rows-max")) var batchRowsMax: String?
    @Option(help: .setting("delay-max")) var delayMax: String?
    @Option(help: .setting("queue-milliseconds-max")) var queueMillisecondsMax: String?
    @Option(help: .setting("queue-rows-max")) var queueRowsMax: String?
}

struct LogFlags: ParsableArguments {
    @Option(help: .setting("log-level")) var logLevel: String?
    @Option(help: .setting("log-format")) var logFormat: String?
    @Flag(name: .shortAndLong, help: "No line a request: as --log-level warning.")
    var quiet = false
}

extension ArgumentHelp {
    /// The documentation of a setting.
    static func setting(_ name: String) -> ArgumentHelp {
        ArgumentHelp(stringLiteral: Setting.named(name).documentation)
    }
}

/// The settings that the flags of `group` give, by name. A flag is called as ArgumentParser calls it after its property.
func settings(of group: any ParsableArguments) -> [String: String] {
    var values: [String: String] = [:]
    for child in Mirror(reflecting: group).children {
        guard let option = child.value as? Option<String?>, let property = child.label else { continue }
        // The property of a wrapper has an underscore before its name.
        let setting = Setting.named(flagName(of: property.dropFirst()))
        values[setting.name] = option.wrappedValue
    }
    return values
}

/// `tls-client-ca-file` of `tlsClientCAFile`.
private func flagName(of property: Substring) -> String {
    let letters = Array(property)
    return letters.indices.map { index in
        let startsWord =
            index > 0 && letters[index].isUppercase
            && (letters[index - 1].isLowercase || letters.dropFirst(index + 1).first?.isLowercase == true)
        return (startsWord ? "-" : "") + letters[index].lowercased()
    }.joined()
}
