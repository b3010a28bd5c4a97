internal import Logging
internal import MADERows
internal import Microhttpd

/// How log lines are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `TIME LEVEL MESSAGE key=value …`.
    case text
    /// An object a line.
    case json
}

/// A log line without its time.
struct LogLine {
    let format: LogFormat
    private var text: [UInt8] = []
    private var json: JSONWriter

    init(_ format: LogFormat, level: Logger.Level, message: String) {
        self.format = format
        json = JSONWriter(capacity: format == .json ? 320 : 0)
        switch format {
        case .text:
            text.reserveCapacity(256)
            text.append(contentsOf: level.rawValue.utf8)
            text.append(UInt8(ascii: " "))
            text.append(contentsOf: message.utf8)
        case .json:
            json.member("level", level.rawValue)
            json.member("message", message)
        }
    }

    /// What stands after the time.
    var bytes: [UInt8] { format == .json ? json.bytes : text }

    mutating func field(_ name: String, _ value: String) {
        switch format {
        case .text:
            key(name)
            text.append(contentsOf: logValue(value).utf8)
        case .json: json.member(name, value)
        }
    }

    mutating func field(_ name: String, _ count: Int) {
        switch format {
        case .text:
            key(name)
            text.append(contentsOf: String(count).utf8)
        case .json: json.member(name, count)
        }
    }

    /// A time, in milliseconds with three places.
    mutating func field(_ name: String, nanoseconds: UInt64) {
        switch format {
        case .text:
            key(name)
            appendMilliseconds(nanoseconds, to: &text)
        case .json:
            var digits: [UInt8] = []
            appendMilliseconds(nanoseconds, to: &digits)
            json.key(name)
            json.raw(digits)
        }
    }

    private mutating func key(_ name: String) {
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: name.utf8)
        text.append(UInt8(ascii: "="))
    }
}

/// A value as it stands in a line of text: one word, or quoted.
private func logValue(_ text: String) -> String {
    let isWord = text.hasOnlyBytes { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
    return isWord && !text.isEmpty ? text : quoted(text, limit: 1024)
}

/// Appends nanoseconds as milliseconds with three places.
func appendMilliseconds(_ nanoseconds: UInt64, to bytes: inout [UInt8]) {
    let microseconds = (nanoseconds + 500) / 1000
    bytes.append(contentsOf: String(microseconds / 1000).utf8)
    bytes.append(UInt8(ascii: "."))
    appendThreeDigits(microseconds % 1000, to: &bytes)
}

/// Appends `number`, which is less than 1000, with zeros before it.
func appendThreeDigits(_ number: UInt64, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "0") + UInt8(number / 100))
    bytes.append(UInt8(ascii: "0") + UInt8(number / 10 % 10))
    bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
}
