internal import FoundationEssentials
public import MADE
internal import MADERows

extension OutputKind {
    /// What a search has found so far. The user did not name the file, so no `--force` is about it.
    public static let searchState = OutputKind(
        "the state of a search", prefix: SearchState.opening, remedy: "move it away, or choose another output")
}

/// What a search has found so far, kept in a file beside its output while it is not finished.
///
/// The file names what the search is about, for another search not to go on with it.
struct SearchState: Codable, Equatable {
    /// What a search is about: its trials would have other results with any of it changed.
    struct Subject: Codable, Equatable {
        /// The fingerprint of the executable: others may round otherwise.
        var program: String
        /// By role: train, validation, calibration.
        var tables: [String: TableFacts]
        /// All options by name, those fixed by hand and those by default.
        var options: [String: String]
        /// Names of the options that are fixed, sorted.
        var fixed: [String]
    }

    /// What tells one table from another.
    struct TableFacts: Codable, Equatable {
        var rows: Int
        var columns: Int
        var fingerprint: String

        init(_ table: Table, schema: TableSchema) {
            rows = table.rowCount
            columns = table.columns.count
            var fingerprint = Fingerprint()
            for column in schema.columns {
                fingerprint.add(column.name)
                fingerprint.add("\(column.kind)")
            }
            for values in table.values { fingerprint.add(values) }
            self.fingerprint = fingerprint.text
        }
    }

    /// A trial whose first network alone was trained.
    struct PartialTrial: Codable, Equatable {
        var number: Int
        var nats: Double
        var seconds: Double
    }

    private static let formatName = "made search 2"
    /// How every file begins, of other versions too: its keys are sorted.
    static let opening = "{\n  \"format\" : \"made search "

    private var format = SearchState.formatName
    let subject: Subject
    /// Of searching, all runs together.
    var secondsSpent = 0.0
    /// Those that ended, by number.
    var trials: [Trial] = []
    var partialTrials: [PartialTrial] = []

    /// The state of a search that has not begun.
    init(_ subject: Subject) {
        self.subject = subject
    }

    func trial(_ number: Int) -> Trial? { trials.first { $0.number == number } }
    func partialTrial(_ number: Int) -> PartialTrial? { partialTrials.first { $0.number == number } }

    /// The best of the first `count` trials, the earlier of equals.
    func best(amongFirst count: Int = .max) -> Trial? {
        trials.filter { $0.nats != nil && $0.number <= count }
            .min { ($0.nats ?? .infinity, $0.number) < ($1.nats ?? .infinity, $1.number) }
    }

    mutating func add(_ trial: Trial) {
        trials.append(trial)
        trials.sort { $0.number < $1.number }
        partialTrials.removeAll { $0.number == trial.number }
    }
}

// MARK: - The file

extension SearchState {
    /// The state in the file at `path`, where there is one.
    ///
    /// - Throws: `SearchStateError` where it is of another search, or no such file.
    static func read(_ path: String, for subject: Subject) throws(SearchStateError) -> SearchState? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let state: SearchState
        do {
            state = try JSONDecoder().decode(SearchState.self, from: Data(contents(ofFile: path)))
        } catch let error as TextSourceError {
            throw SearchStateError(path: path, problem: .unreadable(error.reason))
        } catch {
            throw SearchStateError(path: path, problem: .notAState)
        }
        guard state.format == formatName else { throw SearchStateError(path: path, problem: .notAState) }
        let differences = state.subject.differences(from: subject)
        guard differences.isEmpty else { throw SearchStateError(path: path, problem: .otherSearch(differences)) }
        return state
    }

    /// The file appears whole or not at all.
    ///
    /// - Throws: `OutputError`.
    func write(to file: OutputTarget) throws(OutputError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text: Data
        do {
            text = try encoder.encode(self)
        } catch {
            throw OutputError(file.path, .unwritable("\(error)"))
        }
        try file.write(Array(text))
    }
}

extension SearchState.Subject {
    init(_ tables: TrainingTables, options: TrainingOptions, fixed: Set<SearchedOption>, program: String) {
        self.program = program
        self.tables = ["train": tables.train, "validation": tables.validation, "calibration": tables.calibration]
            .compactMapValues(\.self).mapValues { SearchState.TableFacts($0, schema: tables.schema) }
        self.options = Dictionary(uniqueKeysWithValues: options.arguments.map { ($0.name, $0.text) })
        self.fixed = fixed.map(\.rawValue).sorted()
    }

    /// What is different now, a phrase each.
    func differences(from now: Self) -> [String] {
        var found: [String] = []
        for role in ["train", "validation", "calibration"] where tables[role] != now.tables[role] {
            func size(_ facts: SearchState.TableFacts?) -> String {
                facts.map { "\($0.rows) × \($0.columns)" } ?? "none"
            }
            let (then, today) = (size(tables[role]), size(now.tables[role]))
            found.append(
                then == today
                    ? "the \(role) table has other values or kinds of columns"
                    : "the \(role) table was \(then), is \(today)")
        }
        for name in Set(options.keys).union(now.options.keys).sorted() where options[name] != now.options[name] {
            found.append("--\(name) was \(options[name] ?? "unknown"), is \(now.options[name] ?? "unknown")")
        }
        for name in Set(fixed).symmetricDifference(now.fixed).sorted() {
            found.append("--\(name) was \(fixed.contains(name) ? "" : "not ")given")
        }
        if program != now.program { found.append("it was another build of the program") }
        return found
    }
}

/// Why a search cannot go on from its state file.
public struct SearchStateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with the file.
    public enum Problem: Sendable, Equatable {
        /// It cannot be read, and why.
        case unreadable(String)
        /// It holds something else, or half of it.
        case notAState
        /// What differs between the search that it is of and this one.
        case otherSearch([String])
    }

    /// The file.
    public let path: String
    /// What is wrong with it.
    public let problem: Problem

    /// One line: what is wrong, and what to do.
    public var description: String {
        let way = "remove it to begin anew"
        return switch problem {
        case .unreadable(let reason): "\(path): \(reason)"
        case .notAState: "\(path): not the state of a search; \(way)"
        case .otherSearch(let differences):
            "\(path): the state of another search: \(differences.joined(separator: "; ")); finish that one by its own "
                + "command, choose another output, or \(way)"
        }
    }
}
