import Foundation
import MADE
import Testing

@testable import MADERows

/// Tables as people publish them, where they are at hand.
@Suite struct SharedTableTests {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../../shared").standardizedFileURL.path

    /// The tables under `../shared/NAME`, beside the project, whose path fits, sorted.
    private static func tables(_ name: String, _ fits: (String) -> Bool) -> [String] {
        guard let files = FileManager.default.enumerator(atPath: "\(folder)/\(name)") else { return [] }
        return files.compactMap { $0 as? String }.filter { $0.hasSuffix(".csv") && fits($0) }.sorted()
            .map { "\(folder)/\(name)/\($0)" }
    }

    static let paths: [String] = {
        let odd = tables("odd") { $0.hasSuffix("train.csv") || !$0.contains("test") }
        let data = tables("data") { _ in true }
        // The smaller ones of the many: the others are like them.
        func sample(_ paths: [String], every stride: Int) -> [String] {
            let small = paths.filter { path in
                let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                return size ?? 0 < 300_000
            }
            return small.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
        }
        return tables("cases") { _ in true } + tables("real") { $0.hasSuffix("/train.csv") }
            + sample(odd, every: 5) + sample(data, every: 9)
    }()

    @Test func everyTableIsInferredAndReadAlike() throws {
        if Self.paths.isEmpty { print("skipped: there are no tables in \(Self.folder)") }
        for path in Self.paths {
            do {
                let found = try Table.infer(path)
                #expect(found.table.rowCount > 0 && !found.schema.columns.isEmpty, "\(path)")
                guard found.table.rowCount < 5000 else { continue }
                // Malformed lines are passed over in training alone.
                if found.remarks.contains(where: { $0.contains("passed over") }) { continue }
                let again = try Table.read(path, as: found.schema)
                #expect(again.rows == found.table.rows, "\(path)")
            } catch {
                Issue.record("\(path): \(error)")
            }
        }
    }
}
