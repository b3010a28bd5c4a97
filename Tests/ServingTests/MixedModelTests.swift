import Foundation
import MADE
import MadeProgram
import Oracle
import RawHTTP
import Testing

/// The program with a small model of all types of variables.
@Suite struct MixedModelTests {
    private let testFolder: TestFolder
    private let folder: String
    private let path: String

    init() throws {
        testFolder = try TestFolder()
        folder = testFolder.url.path
        path = "\(folder)/stones.safetensors"
        var generator = PhiloxGenerator(seed: 12)
        var model = RandomModel.mixed(
            [
                Variable(
                    name: "cut", kind: .categorical(Categories(labels: ["Fair", "Good, \"very\"", "Idéal", ""]))),
                Variable(
                    name: "carat",
                    kind: .real(
                        RealEncoding(
                            centre: 0.7, scale: 0.5, componentCount: 2, scaleFloor: 0.05,
                            step: 0.01, minimum: 0.2, maximum: 5.01))),
                Variable(name: "sold", kind: .binary(.plusMinusOne)),
                Variable(name: "size", kind: .categorical(Categories(labels: ["1", "2", "other"], otherIndex: 2))),
            ], hiddenWidths: [12], memberCount: 2, using: &generator)
        model.name = "stones"
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: 99, seed: 5), using: compiled.makeWorkspace())
        model.calibration = Calibration(
            logLikelihoods: samples.logLikelihoods, rows: CalibrationRows(samples.rows, variableCount: 4))
        try Checkpoint.write(model, to: path)
    }

    /// The log-likelihoods that `made score` gives for a text.
    private func scores(_ text: String, _ options: [String] = []) throws -> [Double?] {
        let outcome = try Program.run(["score", path, "-", "--output-format", "csv"] + options, input: text)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("log_likelihood,p_value,anomaly,score,error\n"))
        return outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast().map {
            Double($0.prefix { $0 != "," })
        }
    }

    private func served(_ client: Client, _ rows: String, _ more: String = "") throws -> [Double] {
        let reply = try client.post("/score", "{\"rows\":[\(rows)]\(more)}")
        try #require(reply.status == 200, "\(reply.text)")
        return try JSONDecoder().decode(ScoreAnswer.self, from: Data(reply.body)).log_likelihood
    }

    @Test func whatTheProgramDrawsItScoresAsTheServiceDoes() throws {
        let server = try ServingProgram([path])
        let client = try server.client()
        let lines = try Program.run(["sample", path, "-n", "40", "--seed", "3", "--format", "ndjson"])
        let table = try Program.run(["sample", path, "-n", "40", "--seed", "3"])
        try #require(lines.status == 0 && table.status == 0, "\(lines.errors)\(table.errors)")
        #expect(table.output.hasPrefix("cut,carat,sold,size\n"))
        let drawn = try client.get("/sample?n=40&seed=3&format=ndjson")
        #expect(drawn.text == lines.output)
        #expect(try client.get("/sample?n=40&seed=3&format=csv").text == table.output)
        let expected = try served(client, String(lines.output.dropLast()).replacing("\n", with: ","))
        #expect(expected.count == 40)
        #expect(try scores(lines.output) == expected)
        #expect(try scores(table.output) == expected)
        // Steps of 0.01 are written as such.
        for line in table.output.split(separator: "\n").dropFirst() where !line.contains("\"") {
            let carat = line.split(separator: ",", omittingEmptySubsequences: false)[1]
            #expect(carat.drop { $0 != "." }.count <= 3, "\(carat)")
        }
    }

    @Test func missingValuesHaveTheSameScoreOnTheCommandLine() throws {
        let server = try ServingProgram([path])
        let client = try server.client()
        let rows = #"["Fair",null,1,"1"],[null,1.25,null,null],{"cut":"Idéal"},["",0.5,0,7]"#
        let table = "cut,carat,sold,size\nFair,,1,1\n,1.25,,\nIdéal,,,\n\"\",0.5,0,never seen\n"
        #expect(try scores(table) == (try served(client, rows)))
        #expect(
            try scores(table, ["--particles", "64", "--seed", "9"])
                == (try served(client, rows, ",\"particles\":64,\"seed\":9")))
        #expect(try scores(table, ["--seed", "9"]) != (try scores(table)))
        #expect(try Program.run(["score", path, "-", "--particles", "0"]).status == 2)
        let lines = try Program.run(
            ["score", path], input: "[\"Fair\",null,1,\"1\"]\n[\"Fair\",1,1,1]\n[\"Poor\",1,1,1]\n")
        let answers = lines.output.split(separator: "\n")
        #expect(answers.count == 3 && lines.errors == "1 of 3 rows could not be scored\n")
        #expect(answers[0].contains("\"standard_error\":") && !answers[1].contains("standard_error"))
        #expect(
            answers[2].contains("\\\"Poor\\\" is not a category of 'cut' (Fair, Good, \\\"very\\\", Idéal, \\\"\\\")"))
    }

    @Test func evidenceIsGivenByLabelsAndNumbers() throws {
        let outcome = try Program.run([
            "sample", path, "-n", "20", "--seed", "1", "--given", "cut=Good, \"very\"", "--given", "size=2",
            "--given", "carat=1.5",
        ])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let rows = outcome.output.split(separator: "\n").dropFirst()
        #expect(
            rows.count == 20 && rows.allSatisfy { $0.hasPrefix("\"Good, \"\"very\"\"\",1.5,") && $0.hasSuffix(",2") })
        let wrong = try Program.run(["sample", path, "--given", "cut=Faire"])
        #expect(wrong.status == 2 && wrong.errors.contains("did you mean 'Fair'?"), "\(wrong.errors)")
        #expect(try Program.run(["sample", path, "--given", "carat=NA"]).errors.contains("is not a finite number"))
    }

    /// With few calibration rows no row is judged at the default alpha, which is not replaced by another.
    @Test func anAlphaThatNobodyAskedForRefusesNoModelAndJudgesNoRow() throws {
        let few = "\(folder)/few.safetensors"
        var model = try Checkpoint.read(path)
        model.calibration = Calibration(logLikelihoods: [-3, -2, -1])
        try Checkpoint.write(model, to: few)
        let row = "{\"cut\":\"Fair\",\"carat\":90,\"sold\":0,\"size\":1}"
        let scored = try Program.run(["score", few], input: row)
        #expect(scored.status == 0 && scored.output.contains("\"p_value\":0.25,\"anomaly\":null"), "\(scored)")
        #expect(scored.errors.contains("with 3 calibration rows no p-value is below 0.25"), "\(scored.errors)")
        #expect(try Program.run(["score", few, "--alpha", "0.01"], input: row).status == 2)
        // It keeps no rows that a row with values which are not known could be compared with.
        let unknown = try Program.run(["score", few], input: "{\"cut\":\"Fair\"}")
        #expect(unknown.output.contains("\"p_value\":null,\"anomaly\":null"), "\(unknown)")
        #expect(unknown.output.contains("\"calibration_rows\":0"), "\(unknown)")
        #expect(unknown.errors.contains("train it to keep some"), "\(unknown)")
    }

    @Test func inspectTellsWhatEveryVariableIs() throws {
        let outcome = try Program.run(["inspect", path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("variables       4: 1 binary, 2 categorical, 1 real\n"))
        #expect(outcome.output.contains("  cut           categorical: Fair, Good, \"very\", Idéal, \"\"\n"))
        #expect(
            outcome.output.contains("  carat         real, 0.2 to 5.01 in training, in steps of 0.01, a mixture of 2\n")
        )
        #expect(outcome.output.contains("  sold          binary\n"))
        #expect(outcome.output.contains("  size          categorical: 1, 2, other; unseen labels count as other\n"))
    }
}
