import Foundation
import MadeProgram
import Testing

/// What the verbs say of cells: p-values, explanations, false discovery rates.
@Suite struct CellVerbTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Rows of x and y = 2 x, and of a label that says which half of the range x is in. Of every tenth row the label is wrong
    /// where `spoilt`.
    private static func table(_ rowCount: Int, spoilt: Bool = false) -> String {
        "x,y,half\n"
            + (0..<rowCount).map { row in
                let x = Double(row * 37 % 101)
                let isUpper = (x >= 50) != (spoilt && row % 10 == 3)
                return "\(x / 10),\(x / 5),\(isUpper ? "upper" : "lower")\n"
            }.joined()
    }

    private func train() throws -> String {
        let path = folder.path("table.csv")
        try Self.table(1200).write(toFile: path, atomically: true, encoding: .utf8)
        let model = folder.path("m.safetensors")
        let trained = try Program.run(
            ["train", path, "-o", model, "--members", "1", "--hidden", "32", "--epochs", "60", "--seed", "3"])
        try #require(trained.status == 0, "\(trained.errors)")
        return model
    }

    @Test func wrongCellsAreFoundPutRightAndFewOthers() throws {
        let model = try train()
        let path = folder.path("spoilt.csv")
        let (clean, spoilt) = (Self.table(200), Self.table(200, spoilt: true))
        try spoilt.write(toFile: path, atomically: true, encoding: .utf8)
        let repaired = try Program.run(
            [
                "repair", path, "-m", model, "--fdr", "0.2", "-o", folder.path("clean.csv"), "--log",
                folder.path("log.csv"),
            ])
        try #require(repaired.status == 0, "\(repaired.errors)")
        let lines = { (text: String) in text.split(separator: "\n") }
        let found = lines(try String(contentsOfFile: folder.path("clean.csv"), encoding: .utf8))
        let (wanted, sent) = (lines(clean), lines(spoilt))
        let wrong = wanted.indices.filter { wanted[$0] != sent[$0] }
        let right = wrong.count { found[$0] == wanted[$0] }
        let changed = found.indices.filter { found[$0] != sent[$0] }
        #expect(wrong.count == 20 && right >= 16, "\(right)")
        #expect(changed.count <= right + 6, "\(changed.count) changed, \(right) rightly")
        #expect(repaired.errors.contains(" in \(changed.count) of 200 rows"), "\(repaired.errors)")
        let log = try String(contentsOfFile: folder.path("log.csv"), encoding: .utf8)
        #expect(lines(log).count >= 1 + changed.count)
        #expect(log.hasPrefix("row,variable,from,to,gain,p_value,row_p_value,row_p_value_after,repaired,error\n"))
    }

    @Test func linesSayWhichColumnIsWrongAndWhichRowsAreDiscoveries() throws {
        let model = try train()
        let rows = "x,y,half\n3.0,6.0,lower\n3.0,6.0,upper\n"
        let scored = try Program.run(["score", model, "--explain", "1", "--fdr", "0.1"], input: rows)
        try #require(scored.status == 0, "\(scored.errors)")
        let lines = scored.output.split(separator: "\n")
        #expect(lines[0] == "log_likelihood,p_value,anomaly,score,q_value,discovery,explanation,error")
        #expect(lines[2].contains(",half=upper (expected lower),"), "\(lines[2])")
        let cells = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let (p, q) = (Double(cells[2][1]) ?? .nan, Double(cells[2][4]) ?? .nan)
        #expect(abs(q - 2 * p) < 1e-12 && cells[2][5] == "\(q <= 0.1)")
        // From a pipe as from a file, in another form.
        let json = try Program.run(
            ["score", model, "--explain", "1", "--fdr", "0.1", "--output-format", "ndjson"], input: rows)
        #expect(json.output.contains(#""explanation":[{"variable":"half","value":"upper","gain":"#), "\(json.output)")
    }

    @Test func linesSayWhichValuesAreWrongTogether() throws {
        let rows = "carat,cut,color,clarity,depth,table,price,x,y,z\n0.71,Good,F,SI2,64.1,60,2130,0,0,0\n"
        let scored = try Program.run(
            ["score", Program.bundled("diamonds"), "--explain", "4", "--alpha", "0.001"], input: rows)
        try #require(scored.status == 0, "\(scored.errors)")
        let explanation = scored.output.split(separator: "\n")[1].split(separator: ",")[4]
        let parts = explanation.trimmingCharacters(in: ["\""]).components(separatedBy: "; ")
        #expect(parts.count == 4)
        let sides = ["x", "y", "z"]
        for side in sides {
            let others = sides.filter { $0 != side }
            #expect(
                [others, others.reversed()].contains { others in
                    parts.contains {
                        $0.hasPrefix("\(side)=0 (expected ")
                            && $0.hasSuffix(" together with \(others.joined(separator: " and ")))")
                    }
                }, "\(explanation)")
        }
        #expect(!parts[3].contains("together"))
    }

    @Test func whatCannotBeJudgedIsSaidBeforeTheWork() throws {
        let path = folder.path("t.csv")
        try Self.table(3).write(toFile: path, atomically: true, encoding: .utf8)
        let bundled = Program.bundled("nltcs")
        for (arguments, message) in [
            (["repair", path, "-m", bundled, "--fdr", "2"], "fdr must lie between 0 and 1"),
            (["repair", path, "-m", bundled, "--fdr", "0.1", "--alpha", "0.1"], "--fdr judges cells"),
            (["score", bundled, path, "--fdr", "0"], "fdr must lie between 0 and 1"),
            (["score", bundled, path, "--explain", "17"], "the model has 16 columns"),
        ] {
            let outcome = try Program.run(arguments)
            #expect(outcome.status != 0 && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
