import Foundation
import Glibc
import MADE
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// A running service with models of random weights, stopped when nobody holds it any more.
final class TestService {
    let service: Service
    let models: [String: DensityModel]
    let folder: URL
    private var isStopped = false
    /// Never closed: a line that came late would go to whatever file has its number then.
    private static let log = open("/dev/null", O_WRONLY)

    /// Writes `models` to a folder of their own and serves it on a free port.
    convenience init(
        _ models: [DensityModel], sink: LogSink? = nil, routes: RouteTable = .standard,
        options change: (inout ServiceOptions) -> Void = { _ in }
    ) throws {
        try self.init(models, sink: sink, routes: routes, layout: { _ in }, options: change)
    }

    /// Writes `models`, and what `layout` writes, to a folder of their own and serves it, and `others`, on a free port.
    init(
        _ models: [DensityModel], sink: LogSink? = nil, routes: RouteTable = .standard, others: [String] = [],
        layout: (URL) throws -> Void, options change: (inout ServiceOptions) -> Void = { _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for model in models {
            try Checkpoint.write(model, to: folder.appendingPathComponent("\(model.name).safetensors").path)
        }
        try layout(folder)
        self.models = Dictionary(uniqueKeysWithValues: models.map { ($0.name, $0) })
        var options = ServiceOptions()
        options.restSecondsMax = 0.005
        options.port = 0
        // A busy machine, or a sanitizer, may make any work slow: only tests of this limit set it lower.
        options.queueMillisecondsMax = 3_600_000
        change(&options)
        service = try Service(
            models: [folder.path] + others, options: options, sink: sink ?? LogSink(descriptor: Self.log),
            routes: routes)
        service.start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Stops the service, once. A test whose log is a descriptor of its own does so before it closes that: the last lines would
    /// go into whatever has its number by then.
    func stop() {
        if !isStopped { service.stop() }
        isStopped = true
    }

    func path(of model: String) -> String { path("\(model).safetensors") }

    /// Of a file or folder within the folder that is served.
    func path(_ relative: String) -> String { folder.appendingPathComponent(relative).path }

    func client() throws -> TestClient { try TestClient(port: service.port) }

    /// One request on a connection of its own.
    func post(_ path: String, _ body: String, headers: [String] = []) throws -> Response {
        try client().post(path, body, headers: headers)
    }

    func get(_ path: String, headers: [String] = []) throws -> Response {
        try client()("GET", path, headers: headers)
    }
}

/// A model with random weights; two members, hidden layers, and a calibration where `calibrated`.
func randomModel(
    _ name: String, variables: Int = 6, hidden: [Int] = [16], members: Int = 1, calibrated: Bool = false,
    seed: UInt64 = 1
) -> DensityModel {
    var generator = PhiloxGenerator(seed: seed)
    var model = RandomModel.binary(
        variableCount: variables, hiddenWidths: hidden, memberCount: members, using: &generator)
    model.name = name
    if calibrated {
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: 199, seed: 5), using: compiled.makeWorkspace())
        model.calibration = Calibration(logLikelihoods: samples.logLikelihoods)
    }
    return model
}

func randomRows(_ count: Int, variables: Int, seed: UInt64) -> [[Int]] {
    var generator = PhiloxGenerator(seed: seed)
    return (0..<count).map { _ in (0..<variables).map { _ in Bool.random(using: &generator) ? 1 : 0 } }
}

/// A score request's body.
func body(_ rows: [[Int]], _ more: String = "") -> String {
    "{\"rows\":[\(rows.map { "[\($0.map(String.init).joined(separator: ","))]" }.joined(separator: ","))]\(more)}"
}

struct ScoreReply: Decodable {
    struct Blame: Decodable, Equatable {
        var variable: String
        var part: String?
        var value: JSONScalar?
        var gain: Double?
        var pValue: Double?
        var expected: JSONScalar?
        var surprisal: Double
        var unseen: Bool?
    }
    struct RowError: Decodable {
        var row: Int
        var detail: String
        var pointer: String?
    }
    var model: String
    var version: String
    var logLikelihood: [Double?]
    var bitsPerDimension: [Double?]
    var standardError: [Double?]?
    var pValue: [Double?]?
    var alpha: Double?
    var anomaly: [Bool?]?
    var explanations: [[Blame]?]?
    var surprisal: [[Double]?]?
    var explainedLogLikelihood: [Double?]?
    var errors: [RowError]?
}

/// A text or a number.
enum JSONScalar: Decodable, Equatable {
    case text(String)
    case number(Double)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}

struct ProblemReply: Decodable {
    var type: String
    var title: String
    var status: Int
    var detail: String
    var pointer: String?
    var requestId: String
}

/// Runs `work` on `count` threads at once and gives their results in order.
func concurrently<Result: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let results = Results<Result>(count: count)
    let threads = (0..<count).map { index in
        Thread {
            results.set(index, Swift.Result { try work(index) })
        }
    }
    for thread in threads { thread.start() }
    return try results.wait()
}

/// What threads leave behind.
private final class Results<Value: Sendable>: @unchecked Sendable {
    // Under `condition`.
    private var values: [Swift.Result<Value, any Error>?]
    private var missing: Int
    private let condition = NSCondition()

    init(count: Int) {
        values = Array(repeating: nil, count: count)
        missing = count
    }

    func set(_ index: Int, _ value: Swift.Result<Value, any Error>) {
        condition.withLock {
            values[index] = value
            missing -= 1
            condition.signal()
        }
    }

    func wait() throws -> [Value] {
        try condition.withLock {
            while missing > 0 { condition.wait() }
            return try values.compactMap { try $0?.get() }
        }
    }
}
