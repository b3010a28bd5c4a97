/// The variables that Kubernetes sets in every pod for every Service of its namespace. Those of a Service called `made`, or
/// `made-canary`, begin as the settings' do.
enum ServiceLinks {
    /// Whether Kubernetes set this variable: `MADE_SERVICE_HOST`, `MADE_SERVICE_PORT` (`…_HTTP`), `MADE_PORT_8080_TCP`
    /// (`…_ADDR`), and `MADE_PORT` where it holds what no port is, `tcp://10.0.0.1:8080`.
    static func has(_ variable: String, _ value: String) -> Bool {
        guard variable.hasPrefix("MADE_") else { return false }
        let words = variable.dropFirst("MADE".count)
        if words.hasSuffix("_PORT"), isAddress(value) { return true }
        return words.contains(#/^(_[A-Z0-9_]+)?_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/#)
            || words.contains(#/^(_[A-Z0-9_]+)?_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/#)
    }

    private static func isAddress(_ text: String) -> Bool {
        ["tcp://", "udp://", "sctp://"].contains { text.hasPrefix($0) }
    }
}
