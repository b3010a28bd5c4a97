import Foundation
import Logging
import Testing

@testable import DensityService

/// A pipe of one page, both of whose ends stay open.
private final class Page {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
        // F_SETPIPE_SZ, which Glibc's module does not have.
        try #require(fcntl(writeEnd, 1031, 4096) == 4096)
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func fill() {
        var page = [UInt8](repeating: UInt8(ascii: "."), count: 4095) + [UInt8(ascii: "\n")]
        #expect(write(writeEnd, &page, page.count) == page.count)
    }

    /// The next line, waited for.
    func line() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(readEnd, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private func line(_ number: Int, _ format: LogFormat) -> LogLine {
    LogLine(format, level: .info, message: "line-\(number)")
}

/// Nobody waits for a reader who does not read; who reads on gets all lines but those beyond the bound, and is told once
/// how many these were.
@Test(arguments: LogFormat.allCases)
func whoReadsTooSlowlyIsToldOnceHowManyLinesAreMissing(format: LogFormat) throws {
    let page = try Page()
    page.fill()
    let sink = LogSink(descriptor: page.writeEnd, bufferBytesMax: 1000, flushMilliseconds: 10)
    for number in 0..<100 { sink.write(line(number, format)) }
    sink.flush()
    #expect(page.line().count == 4095)
    var kept: [Int] = []
    var note = page.line()
    while let found = note.firstMatch(of: #/line-(\d+)/#) {
        kept.append(try #require(Int(found.1)))
        note = page.line()
    }
    #expect(kept == Array(0..<kept.count) && kept.count > 0)
    let text = "\(100 - kept.count) log lines were dropped: nobody read them"
    #expect(note == (format == .json ? "{\"message\":\"\(text)\"}" : text))
    #expect(sink.droppedLineCount == 100 - kept.count)
    sink.write(line(100, format))
    #expect(page.line().contains("line-100"))
}

/// As a full disk does, whose lines are gone.
@Test func linesThatCannotBeWrittenAreCountedAndSaidWhenOneCan() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("log").path
    // A descriptor that takes no lines, until another file has its number.
    let descriptor = open(path, O_RDONLY | O_CREAT, 0o600)
    let sink = LogSink(descriptor: descriptor)
    for number in 0..<3 { sink.write(line(number, .text)) }
    sink.flush()
    sink.write(line(3, .text))
    sink.flush()
    let file = open(path, O_WRONLY)
    #expect(dup2(file, descriptor) == descriptor)
    for number in 4..<6 { sink.write(line(number, .text)) }
    sink.flush()
    close(file)
    close(descriptor)
    #expect(sink.droppedLineCount == 4)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0] == "4 log lines were dropped: nobody read them")
    #expect(lines[1].hasSuffix("info line-4") && lines[2].hasSuffix("info line-5"))
}
