import Foundation
import MadeProgram
import Testing

/// `made impute`.
@Suite struct ImputeTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let header = "id;z;cut;color;clarity;depth;table;price;x;y;carat"
    private static let rows = [
        "7;;Very Good;E;VS1;61.80;54.7;1970;5.12;5.15;0.51", "8;3.18;Ideal;;;61.8;55;1970;5.12;5.15;0.51",
    ]

    private func table(_ lines: [String]) throws -> String {
        let path = folder.path("t.csv")
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func aTableComesBackWithItsHolesFilled() throws {
        let path = try table([Self.header] + Self.rows)
        let outcome = try Program.run(["impute", path, "-m", Program.bundled("diamonds")])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "3 values filled in\n")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 3 && lines[0] == Self.header)
        // What is there stays as it is written, columns and separator too.
        #expect(lines[1].hasPrefix("7;3.1") && lines[1].hasSuffix(Self.rows[0].dropFirst(2)), "\(lines[1])")
        let cells = lines[2].split(separator: ";")
        #expect(cells.count == 11 && cells[3].count == 1 && cells[4].count >= 2, "\(lines[2])")
        // The same from a pipe, and into a file; one that is there already stays.
        let output = folder.path("filled.csv")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let piped = try Program.run(["impute", "-", "-m", Program.bundled("diamonds"), "-o", output], input: text)
        #expect(piped.status == 0 && piped.output.isEmpty, "\(piped.errors)")
        #expect(try String(contentsOfFile: output, encoding: .utf8) == outcome.output)
        for place in [output, path] {
            let refused = try Program.run(["impute", path, "-m", Program.bundled("diamonds"), "-o", place])
            #expect(refused.status == 1 && refused.errors.contains("--force"), "\(refused.errors)")
        }
        let forced = try Program.run(["impute", path, "-m", Program.bundled("diamonds"), "-o", path, "--force"])
        #expect(forced.status == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == outcome.output)
    }

    @Test func drawsStandOneBehindTheOther() throws {
        let path = try table([Self.header] + Self.rows)
        let arguments = [
            "impute", path, "-m", Program.bundled("diamonds"), "--method", "draw", "--draws", "3", "--seed", "4",
        ]
        let outcome = try Program.run(arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 7 && lines[0] == "draw;\(Self.header)")
        #expect(lines.dropFirst().map { $0.prefix(4) } == ["1;7;", "2;7;", "3;7;", "1;8;", "2;8;", "3;8;"])
        #expect(try Program.run(arguments).output == outcome.output)
        let wrong = try Program.run(["impute", path, "-m", Program.bundled("diamonds"), "--draws", "3"])
        #expect(wrong.status == 2 && wrong.errors.contains("--draws needs --method draw"), "\(wrong.errors)")
        let none = try Program.run(["impute", path])
        #expect(none.status == 2 && none.errors.contains("--model"), "\(none.errors)")
    }

    @Test func linesOfJSONStayLinesOfJSON() throws {
        let input = #"{"v0":1,"v1":0,"note":"a"}"# + "\n[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]\n[7]\n"
        let outcome = try Program.run(["impute", "-", "-m", Program.bundled("nltcs")], input: input)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(outcome.output) \(outcome.errors)")
        #expect(lines[0].hasPrefix(#"{"v0":1,"v1":0,"v2":"#) && lines[0].hasSuffix(#","note":"a"}"#), "\(lines[0])")
        #expect(lines[1].hasPrefix(#"{"v0":0,"v1":0,"v2":0"#))
        #expect(outcome.errors.contains("row 3.v0: \"7\" is not a value of a binary variable (0, 1); the row stays"))
        #expect(outcome.errors.hasSuffix("14 values filled in\n"), "\(outcome.errors)")
    }

    /// The table's own header, and every row that cannot be read, come back as they came, from both verbs.
    @Test func whatCannotBeReadComesBackAsItCame() throws {
        let header = "carat,\"cut\",color,clarity,depth,table,price,x,y,z,x"
        let good = "0.51,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,3.18,q"
        let bad = [
            "0.51,,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,3.18,q", "0.51,Very Good", "0.51,\"Very \"Good,E",
            "heavy,\"Very Good\",E,VS1, 61.8 ,54.7,1970,5.12,5.15,3.18,q", "\"0.51,Very Good,E",
        ]
        let path = try table([header, good, bad[0], bad[1], good, bad[2], bad[3], good, bad[4], "1,2"])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let model = Program.bundled("diamonds")
        for verb in ["impute", "repair"] {
            let outcome = try Program.run([verb, path, "-m", model])
            try #require(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == text, "\(verb): \(outcome.errors)")
        }
        let draws = try Program.run(["impute", path, "-m", model, "--method", "draw", "--draws", "2"])
        let lines = draws.output.split(separator: "\n").map(String.init)
        #expect(lines[0] == "draw,\(header)")
        #expect(lines[3...6] == ["1,\(bad[0])", "2,\(bad[0])", "1,\(bad[1])", "2,\(bad[1])"])
        // So do lines that are no JSON.
        let json = #"{"v0":1,"v1":2,"n":01}"# + "\n{\n[1]\n"
        for arguments in [["impute", "-"], ["repair", "-"], ["impute", "-", "--method", "draw", "--draws", "2"]] {
            let outcome = try Program.run(arguments + ["-m", Program.bundled("nltcs")], input: json)
            #expect(outcome.output == json, "\(arguments): \(outcome.output) \(outcome.errors)")
        }
    }
}
