internal import Glibc

/// The Prometheus text format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// The head of a family of samples.
    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.number(value))\n"
    }

    /// A histogram whose values are multiples of `unit`.
    mutating func histogram(
        _ name: String, _ labels: [(name: String, value: String)], _ histogram: Histogram, unit: Double
    ) {
        let counts = histogram.cumulativeCounts
        // A bound of 50 000 ns shall read 5e-05 and not 5.000000000000001e-05.
        let bounds = histogram.bounds.map { unit == 1 ? Double($0) : Double($0) / (1 / unit).rounded() }
        for (bound, count) in zip(bounds, counts) {
            sample("\(name)_bucket", labels + [("le", Self.number(bound))], Double(count))
        }
        sample("\(name)_bucket", labels + [("le", "+Inf")], Double(counts.last ?? 0))
        sample("\(name)_sum", labels, Double(histogram.sum) * unit)
        sample("\(name)_count", labels, Double(counts.last ?? 0))
    }

    /// What the operating system says of this process, under the names that all exporters use.
    mutating func processFigures(startSeconds: Double) {
        family("process_cpu_seconds_total", "counter", "User and system processor time.")
        sample("process_cpu_seconds_total", [], Double(processorNanoseconds()) * 1e-9)
        family("process_start_time_seconds", "gauge", "Start of the process since the Unix epoch.")
        sample("process_start_time_seconds", [], startSeconds)
        if let pages = Self.memoryPages() {
            let pageBytes = Double(sysconf(Int32(_SC_PAGESIZE)))
            family("process_virtual_memory_bytes", "gauge", "Virtual memory size.")
            sample("process_virtual_memory_bytes", [], pages.virtual * pageBytes)
            family("process_resident_memory_bytes", "gauge", "Resident memory size.")
            sample("process_resident_memory_bytes", [], pages.resident * pageBytes)
        }
        if let count = Self.openDescriptorCount() {
            family("process_open_fds", "gauge", "Open file descriptors.")
            sample("process_open_fds", [], Double(count))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            family("process_max_fds", "gauge", "Limit of open file descriptors.")
            sample("process_max_fds", [], Double(limit.rlim_cur))
        }
    }

    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Of /proc/self/statm.
    private static func memoryPages() -> (virtual: Double, resident: Double)? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let numbers = text.split(separator: " ").compactMap { Double($0) }
        return numbers.count > 1 ? (numbers[0], numbers[1]) : nil
    }

    private static func openDescriptorCount() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without ".", ".." and the directory's own.
        return count - 3
    }
}
