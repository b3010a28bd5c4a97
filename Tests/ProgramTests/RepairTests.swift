import Foundation
import MadeProgram
import Testing

/// `made repair`.
@Suite struct RepairTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let usual = "1,0.51,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,3.18"
    private static let wrong = "2,0.51,Very Good,E,VS1,61.80,54.7,1970,5.12,5.15,31.8"
    private static let text =
        "id,carat,cut,color,clarity,depth,table,price,x,y,z\n\(usual)\n\(wrong)\n3,heavy,Ideal,E,VS1,60,55,1970,5,5,3\n"

    @Test func aSlipIsPutRightAndLogged() throws {
        let model = Program.bundled("diamonds")
        let log = folder.path("log.csv")
        let outcome = try Program.run(
            ["repair", "-", "-m", model, "--alpha", "0.001", "--log", log], input: Self.text)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == Self.text.replacing("5.15,31.8", with: "5.15,3.17"))
        #expect(
            outcome.errors
                == "1 of 3 rows are anomalies: 1 repaired by 1 change, 0 left as they are; 1 could not be read\n")
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(lines)")
        #expect(lines[0] == "row,variable,from,to,gain,p_value,row_p_value,row_p_value_after,repaired,error")
        #expect(lines[1].hasPrefix("2,z,31.8,3.17,91.") && lines[1].hasSuffix(",true,"), "\(lines[1])")
        #expect(lines[2].hasPrefix("3,,,,,,,,,") && lines[2].contains("heavy"), "\(lines[2])")
        // The log alone.
        let dry = try Program.run(["repair", "-", "-m", model, "--alpha", "0.001", "--dry-run"], input: Self.text)
        #expect(dry.status == 0 && dry.output == lines.joined(separator: "\n") + "\n", "\(dry.output)")
        // Into a file: the log goes where the table does not.
        let table = folder.path("clean.csv")
        let both = try Program.run(["repair", "-", "-m", model, "--alpha", "0.001", "-o", table], input: Self.text)
        #expect(both.output == dry.output)
        #expect(try String(contentsOfFile: table, encoding: .utf8) == outcome.output)
    }

    @Test func whatTakesMoreChangesSaysSo() throws {
        let text =
            "carat,cut,color,clarity,depth,table,price,x,y,z\n1,Very Good,H,VS2,63.3,53,5139,0,0,0\n"
            + "0.51,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,3.18\n"
        for (most, summary) in [
            ("1", "0 repaired by 0 changes, 1 left as they are: 1 change is not enough (--changes-max)"),
            ("2", "0 repaired by 0 changes, 1 left as they are: 2 changes are not enough (--changes-max)"),
            ("3", "1 repaired by 3 changes, 0 left as they are"),
        ] {
            let outcome = try Program.run(
                ["repair", "-", "-m", Program.bundled("diamonds"), "--alpha", "0.001", "--changes-max", most],
                input: text)
            #expect(
                outcome.status == 0 && outcome.errors == "1 of 2 rows are anomalies: \(summary)\n", "\(outcome.errors)")
            #expect((outcome.output == text) == (most != "3"))
        }
    }

    @Test func whatCannotBeDoneIsToldBeforeTheWork() throws {
        let model = Program.bundled("diamonds")
        let path = folder.path("t.csv")
        try Self.text.write(toFile: path, atomically: true, encoding: .utf8)
        for (more, status, message) in [
            (["--alpha", "0"], 2, "alpha 0.0 can never be reached"), (["--changes-max", "0"], 2, "1 or more"),
            (["--dry-run", "-o", folder.path("o.csv")], 2, "writes no table"),
            (["-o", path], 1, "is a file that is read"), (["--log", path], 1, "is a file that is read"),
        ] {
            let outcome = try Program.run(["repair", path, "-m", model] + more)
            #expect(outcome.status == status && outcome.errors.contains(message), "\(more): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        let state = Program.fixture("layers_random_elu_deep.safetensors")
        let imported = try Program.run(["repair", path, "-m", state, "--activation", "elu"])
        #expect(imported.status != 0 && !imported.output.contains("carat"), "\(imported.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["t.csv"])
    }
}
