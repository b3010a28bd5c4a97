import Foundation
import MADERows
import MADETraining
import MadeProgram
import Testing

/// The library gives what the program gives.
@Suite struct LibraryTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func run(_ arguments: [String]) throws -> String {
        let outcome = try Program.run(arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func scoresExplanationsDrawsAndRepairsAreTheSame() throws {
        let path = Program.bundled("diamonds")
        let model = try TableModel(contentsOf: path)
        let drawn = try run(["sample", path, "-n", "20", "--seed", "4", "--given", "color=E"])
        let rows = try model.sample(20, seed: 4, given: ["color": "E"])
        #expect(
            drawn
                == ([model.columns] + rows.map { $0.cells.map(\.description) })
                .map { $0.joined(separator: ",") + "\n" }.joined())
        // What is given comes back as it was given.
        let given = ["sample", path, "-n", "3", "--seed", "4", "--given", "carat=0.5010", "--given", "cut=Ideal"]
        #expect(try run(given).split(separator: "\n").dropFirst().allSatisfy { $0.hasPrefix("0.5010,Ideal,") })
        let json = try run(given + ["--format", "ndjson"]).split(separator: "\n")
        #expect(json.count == 3 && json.allSatisfy { $0.hasPrefix(#"[0.5010,"Ideal","#) })
        #expect(try model.sample(3, seed: 4, given: ["carat": 0.501]).allSatisfy { $0["carat"] == 0.501 })

        let table = folder.path("table.csv")
        let text = drawn + "0.51,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,31.8\nheavy,Good,E,VS1,61.8,54.7,,5,5,3.1\n"
        try text.write(toFile: table, atomically: true, encoding: .utf8)
        let lines = try run(["score", path, table, "--explain", "2", "--output-format", "ndjson", "--alpha", "0.001"])
            .split(separator: "\n")
        let scores = try model.score(contentsOf: table, alpha: 0.001, explaining: 2).rows
        #expect(scores.map(\.index) == Array(0..<21) && lines.count == 22, "the last row has no carat")
        for (line, score) in zip(lines, scores) {
            // As texts: numbers that JSONSerialization reads may be off in the last bit.
            let numbers = [
                #""log_likelihood":\#(score.logLikelihood)"#, #""p_value":\#(score.pValue ?? .nan)"#,
                #""anomaly":\#(score.isAnomaly ?? false)"#, #""score":\#(score.score)"#,
            ]
            #expect(line.hasPrefix("{" + numbers.joined(separator: ",")), "\(line)")
            for cell in score.explanation {
                #expect(line.contains(#""gain":\#(cell.gain ?? .nan),"p_value":\#(cell.pValue ?? .nan),"#), "\(line)")
            }
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let cells = try #require(object["explanation"] as? [[String: Any]])
            #expect(cells.map { $0["variable"] as? String } == score.explanation.map(\.column))
            #expect(cells.map { cell($0["value"]) } == score.explanation.map(\.value))
            #expect(cells.map { cell($0["expected"]) } == score.explanation.map(\.expected))
            #expect(cells.map { $0["unseen"] as? Bool ?? false } == score.explanation.map(\.isUnseen))
        }

        let output = folder.path("clean.csv")
        let repairs = try model.repair(contentsOf: table, writingTo: output, alpha: 0.001)
        #expect(repairs.rows.contains { $0.isRepaired == true })
        #expect(
            try String(contentsOfFile: output, encoding: .utf8)
                == run(["repair", table, "-m", path, "--alpha", "0.001"]))
    }

    @Test func whatIsFilledInIsTheSame() throws {
        let path = Program.bundled("diamonds")
        let model = try TableModel(contentsOf: path)
        let table = folder.path("holes.csv")
        let text = try run(["sample", path, "-n", "10", "--seed", "4"])
        let lines = text.split(separator: "\n").enumerated().map { index, line in
            var cells = line.split(separator: ",").map(String.init)
            if index > 0 { (cells[index % 10], cells[index * 7 % 10]) = ("", "") }
            return (cells + [index > 0 ? "note \(index)" : "note"]).joined(separator: ",") + "\n"
        }
        try lines.joined().write(toFile: table, atomically: true, encoding: .utf8)
        let cases: [(ImputationMethod, [String])] = [
            (.best, []), (.draw(count: 1, seed: 5), ["--method", "draw", "--seed", "5"]),
            (.draw(count: 3, seed: 5), ["--method", "draw", "--seed", "5", "--draws", "3"]),
        ]
        for (index, (method, options)) in cases.enumerated() {
            let output = folder.path("filled-\(index).csv")
            let filled = try model.impute(contentsOf: table, writingTo: output, method: method)
            #expect(filled.rows.count == 10 && filled.rows.allSatisfy { !$0.cells.isEmpty })
            #expect(
                try String(contentsOfFile: output, encoding: .utf8)
                    == run(["impute", table, "-m", path] + options))
        }
    }

    private func cell(_ value: Any?) -> TableCell? {
        switch value {
        case let text as String: .text(text)
        case let number as Double: .number(number)
        default: .missing
        }
    }

    @Test func trainingIsTheSame() throws {
        let table = folder.path("table.csv")
        let lines = ["a,b"] + (0..<150).map { "\($0 * 37 % 150),\($0 % 3 == 0 ? "x" : "y")" }
        try (lines.joined(separator: "\n") + "\n").write(toFile: table, atomically: true, encoding: .utf8)
        let (own, program) = (folder.path("own.safetensors"), folder.path("program.safetensors"))
        _ = try run([
            "train", table, "-o", program, "--name", "table", "--steps", "20", "--hidden", "8", "--folds", "2",
        ])
        let model = try TableModel.train(contentsOf: table) {
            $0.stepCount = 20
            $0.hiddenWidths = [8]
            $0.foldCount = 2
        }
        try model.write(to: own)
        #expect(FileManager.default.contentsEqual(atPath: own, andPath: program))
    }
}
