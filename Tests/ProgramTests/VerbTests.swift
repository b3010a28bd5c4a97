import Foundation
import MADE
import MadeProgram
import RawHTTP
import Testing

@Suite struct VerbTests {
    private let testFolder: TestFolder
    private var folder: String { testFolder.url.path }

    init() throws {
        testFolder = try TestFolder()
    }

    @Test func wrongUsageEndsWith2AndFailedWorkWith1() throws {
        #expect(try Program.run(["score"]).status == 2)
        #expect(try Program.run(["fly"]).status == 2)
        #expect(try Program.run(["sample", Program.bundled("nltcs"), "-n", "0"]).status == 2)
        let failed = try Program.run(["inspect", "\(folder)/none.safetensors"])
        #expect(failed.status == 1)
        #expect(failed.errors == "Error: \(folder)/none.safetensors: cannot be read: No such file or directory\n")
        #expect(failed.output.isEmpty)
    }

    @Test func everyVerbNamesThePipeThatItReads() throws {
        let (model, out) = (Program.bundled("nltcs"), "\(folder)/m.safetensors")
        let (table, rows) = ("\(folder)/t.csv", "\(folder)/rows.json")
        try "a,b\n0,1\n1,1\n1,0\n0,0\n".write(toFile: table, atomically: true, encoding: .utf8)
        try "[{\"a\":0},{\"a\":1}]".write(toFile: rows, atomically: true, encoding: .utf8)
        for (arguments, pipe) in [
            (["train", rows, "-o", out], "made train -"), (["score", model, rows], "made score MODEL -"),
            (["train", table, "-o", out, "--validation", rows], "made train TABLE --validation -"),
            (["train", table, "-o", out, "--calibration", rows], "made train TABLE --calibration -"),
            (["train", table, "-o", out, "--test", rows], "made train TABLE --test -"),
            (["evaluate", model, rows], "made evaluate MODEL -"),
            (["repair", rows, "-m", model], "made repair - -m MODEL"),
            (["impute", rows, "-m", model], "made impute - -m MODEL"),
        ] {
            let outcome = try Program.run(arguments)
            #expect(outcome.status == 1 && outcome.errors.hasSuffix(" \(rows) | \(pipe)\n"), "\(outcome.errors)")
        }
    }

    @Test func trainingOptionsOutOfRangeAreNamedAsTheyWereGiven() throws {
        for (option, value) in [
            ("--hidden", "70000"), ("--members", "0"), ("--masks", "0"), ("--epochs", "0"), ("--batch", "0"),
            ("--learning-rate", "0"), ("--patience", "0"), ("--steps", "0"), ("--components", "65"),
            ("--scale-floor", "0"), ("--input-dropout", "1"), ("--input-noise", "-1"),
            ("--clip-norm", "-1"), ("--trim", "0.6"), ("--trim-values", "0.6"), ("--input-strays", "-0.1"),
            ("--dropout", "1"), ("--weight-decay", "10000"), ("--l1", "-1"),
            ("--validation-share", "0"), ("--keep-rows", "-1"), ("--calibration-share", "-0.1"), ("--folds", "1"),
            ("--threads", "0"), ("--search", "0"), ("--search-minutes", "0"),
        ] {
            let search = option == "--search-minutes" ? ["--search", "2"] : []
            let refused = try Program.run(
                ["train", "\(folder)/t.csv", "-o", "\(folder)/m", "\(option)=\(value)"] + search)
            #expect(refused.status == 2 && refused.errors.hasPrefix("Error: \(option) must be "), "\(refused.errors)")
        }
    }

    @Test func whatWouldBeRightIsAnOptionOfTheVerb() throws {
        let (table, out) = ("\(folder)/t.csv", "\(folder)/m.safetensors")
        try "a,b,empty\n0,x,\n1,y,\n1,x,\n0,y,\n".write(toFile: table, atomically: true, encoding: .utf8)
        let state = Program.fixture("net_random_relu_deep.safetensors")
        for (arguments, text) in [
            (["train", table, "-o", out, "--categorical", "empty"], "no value in any row; --drop leaves it out"),
            (["train", table, "-o", out, "--groups", "c"], "--groups c: the table has no such column"),
            (["train", table, "-o", out, "--image-width", "3"], "--image-width 3 does not divide the 2 variables"),
            (["train", table, "-o", table], "is a file that is read; choose another name, or --force to replace"),
            (["inspect", state], "give --activation relu, elu, tanh or sigmoid"),
            (["inspect", Program.bundled("nltcs"), "--activation", "elu"], "(relu); leave --activation away"),
            (["score", Program.bundled("nltcs"), table], "is none of the model's; --ignore-unknown passes over"),
        ] {
            let refused = try Program.run(arguments)
            #expect(refused.status != 0 && refused.errors.contains(text), "\(arguments): \(refused.errors)")
        }
    }

    @Test func helpNamesEveryVerb() throws {
        let help = try Program.run(["--help"])
        #expect(help.status == 0)
        for verb in [
            "serve", "train", "evaluate", "score", "sample", "impute", "repair", "inspect", "import", "health", "key",
        ] {
            #expect(help.output.contains("  \(verb) "), "\(verb)")
            #expect(try Program.run([verb, "--help"]).status == 0)
        }
    }

    /// Two columns that are always equal, one that is a coin: the entropy is 2 log 2 = 1.386 nats.
    private func table(rows: Int, seed: UInt64) throws -> String {
        var generator = PhiloxGenerator(seed: seed)
        var text = "a,b,c\n"
        for _ in 0..<rows {
            let (twin, coin) = (Bool.random(using: &generator) ? 1 : 0, Bool.random(using: &generator) ? 1 : 0)
            text += "\(twin),\(coin),\(twin)\n"
        }
        let path = "\(folder)/table-\(seed).csv"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func theSameSeedAndFileGiveTheSameCheckpointBits() throws {
        let data = try table(rows: 1000, seed: 1)
        let models = ["one", "two"].map { "\(folder)/\($0).safetensors" }
        for model in models {
            let outcome = try Program.run([
                "train", data, "-o", model, "--name", "twins", "--seed", "5", "--hidden", "16",
            ])
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(FileManager.default.contents(atPath: models[0]) == FileManager.default.contents(atPath: models[1]))

        let evaluated = try Program.run(["evaluate", models[0], table(rows: 2000, seed: 2)])
        #expect(evaluated.status == 0)
        let nats = evaluated.output.split(separator: "\n").first { $0.hasPrefix("nats") }?.split(separator: " ")[3]
        let found = try #require(Double(nats ?? ""), "\(evaluated.output)")
        #expect(found > 1.35 && found < 1.5, "\(found)")
        let scores = try Program.run(["score", models[0], "-"], input: "c,a,b\n1,1,0\n1,0,0\n")
        #expect(scores.output.hasPrefix("log_likelihood,p_value,anomaly,score,error\n"))
        let last = scores.output.split(separator: "\n").last?.split(separator: ",", omittingEmptySubsequences: false)
        #expect(last?[2] == "true", "unequal twins are an anomaly: \(scores.output)")
    }

    @Test func aQuietVerbSaysErrorsAlone() throws {
        let (data, model) = (try table(rows: 400, seed: 3), "\(folder)/quiet.safetensors")
        for arguments in [
            ["train", data, "-o", model, "--hidden", "4", "--epochs", "3"], ["score", model, data],
            ["sample", model], ["evaluate", model, data, "--drop", "none"], ["impute", data, "-m", model],
            ["repair", data, "-m", model],
        ] {
            let outcome = try Program.run(arguments + ["--quiet"])
            #expect(
                outcome.status == 0 && outcome.errors.isEmpty && !outcome.output.isEmpty,
                "\(arguments): \(outcome.errors)")
        }
        let refused = try Program.run(["train", "\(folder)/none.csv", "-o", "\(folder)/m.safetensors", "-q"])
        #expect(refused.status == 1 && refused.errors.hasPrefix("Error: "))
    }

    @Test func linesOfProgressFitATerminal() throws {
        var generator = PhiloxGenerator(seed: 6)
        let (width, path) = (60, "\(folder)/wide.csv")
        let header = (0..<width).map { "v\($0)" }.joined(separator: ",")
        let rows = (0..<80).map { _ in
            (0..<width).map { _ in "\(Double.random(in: 0..<1e6, using: &generator))" }.joined(separator: ",")
        }
        try (header + "\n" + rows.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try Program.run([
            "train", path, "-o", "\(folder)/wide.safetensors", "--hidden", "4", "--epochs", "2",
        ])
        let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("member ") }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.count < 80 && $0.hasSuffix(" s left") }, "\(outcome.errors)")
        #expect(lines.contains { $0.contains("  train ") && $0.contains("  valid ") }, "\(lines)")
    }

    @Test func resultsAreOneJSONObjectWhereAsked() throws {
        let (data, path) = (try table(rows: 1000, seed: 4), "\(folder)/twins.safetensors")
        func object(_ arguments: [String]) throws -> NSDictionary {
            let outcome = try Program.run(arguments + ["--json"])
            let found = try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? NSDictionary
            return try #require(found, "\(outcome.output)\(outcome.errors)")
        }
        let trained = try object(["train", data, "-o", path, "--hidden", "8", "--search", "2", "--epochs", "20"])
        #expect(trained["path"] as? String == path)
        let search = try #require(trained["search"] as? NSDictionary)
        #expect(search["trials"] as? Int == 2 && search["ending"] as? String == "complete")
        #expect((search["command"] as? String)?.contains("made train") == true)

        let inspected = try object(["inspect", path])
        #expect(inspected == trained["model"] as? NSDictionary)
        let server = try ServingProgram([path])
        let served = try server.client().get("/models/twins").body
        #expect(try inspected == JSONSerialization.jsonObject(with: Data(served)) as? NSDictionary)

        let labelled = "\(folder)/labelled.csv"
        let rows = (0..<100).map { (row: Int) -> String in
            let isWrong = row % 5 == 0
            return "\(row % 2),\(row / 2 % 2),\(isWrong ? 1 - row % 2 : row % 2),\(isWrong ? 1 : 0)\n"
        }
        try ("a,b,c,wrong\n" + rows.joined()).write(toFile: labelled, atomically: true, encoding: .utf8)
        let measured = try object(["evaluate", path, labelled, "--label", "wrong"])
        let area = try #require(measured["auroc"] as? NSDictionary)
        #expect(measured["rows"] as? Int == 100 && (area["value"] as? Double ?? 0) > 0.99, "\(measured)")
        let lines = try Program.run(["evaluate", path, labelled, "--label", "wrong"]).output
        let nats = try #require((measured["nats"] as? NSDictionary)?["mean"] as? Double)
        #expect(lines.contains("nats a row          \((nats * 10000).rounded() / 10000) "), "\(lines)\(nats)")
        let detected = try #require((measured["detected"] as? NSDictionary)?["interval"] as? [Double])
        #expect(detected.count == 2 && detected[0] <= detected[1] && detected[1] <= 1)
        let alone = try object(["evaluate", path, data])
        #expect(alone["auroc"] == nil && alone["anomalies"] != nil)
    }

    @Test func aSampleOfTheRowsIsTheSameFromAFileAndFromStandardInput() throws {
        let data = try table(rows: 1000, seed: 7)
        func train(_ table: String, _ output: String, _ more: [String], input: String = "") throws -> (Data?, String) {
            let model = "\(folder)/\(output).safetensors"
            let outcome = try Program.run(
                [
                    "train", table, "-o", model, "--name", "twins", "--hidden", "4", "--members", "1", "--epochs", "3",
                    "--calibration-share", "0", "--test", data,
                ] + more, input: input)
            try #require(outcome.status == 0, "\(outcome.errors)")
            return (FileManager.default.contents(atPath: model), outcome.errors)
        }
        let text = try String(contentsOfFile: data, encoding: .utf8)
        let (one, listing) = try train(data, "one", ["--rows-max", "300"])
        #expect(listing.hasPrefix("sampled 300 of 1000 rows (--rows-max), 3 columns, all binary"), "\(listing)")
        #expect(try train("-", "two", ["--rows-max=300"], input: text).0 == one)
        #expect(try train(data, "other", ["--rows-max", "300", "--seed", "2"]).0 != one)

        let (whole, wholeListing) = try train(data, "whole", [])
        #expect(wholeListing.hasPrefix("1000 rows, 3 columns"), "\(wholeListing)")
        let (same, sameListing) = try train(data, "same", ["--rows-max", "1000"])
        #expect(same == whole && whole != one && sameListing.hasPrefix("1000 rows, 3 columns"), "\(sameListing)")
    }

    @Test(arguments: ["--rows-max=0", "--rows-max=-5", "--rows-max=1e6", "--rows-max=", "--rows-max=many"])
    func aNumberOfRowsThatIsNoneIsRefused(_ option: String) throws {
        let model = "\(folder)/none.safetensors"
        let outcome = try Program.run(["train", table(rows: 20, seed: 8), "-o", model, option])
        #expect(outcome.status == 2 && outcome.errors.contains("--rows-max"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: model))
    }

    @Test func interruptedTrainingKeepsTheBestSoFar() throws {
        let data = try table(rows: 3000, seed: 3)
        let model = "\(folder)/interrupted.safetensors"
        let training = try RunningProgram([
            "train", data, "-o", model, "--seed", "1", "--hidden", "16", "--epochs", "100000", "--patience", "100000",
        ])
        while !training.errors.contains("epoch") {
            try #require(training.isRunning, "\(training.errors)")
        }
        training.kill(SIGINT)
        let outcome = training.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try Program.run(["inspect", model]).status == 0)
    }

    @Test func inspectProvesTheAutoregressiveProperty() throws {
        let outcome = try Program.run(["inspect", Program.bundled("digits")])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("autoregressive  yes"))
        #expect(outcome.output.contains("image           8 × 8 pixels"), "\(outcome.output)")
        let refused = try Program.run([
            "inspect", "--activation", "elu", Program.fixture("violation_first_layer.safetensors"),
        ])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("v4"), "\(refused.errors)")
    }

    @Test func anImportedStateDictScoresAsTheStateDict() throws {
        let state = Program.fixture("layers_random_elu_deep.safetensors")
        let model = "\(folder)/imported.safetensors"
        #expect(try Program.run(["import", state, "-o", model, "--activation", "elu"]).status == 0)
        let sampled = try Program.run(["sample", model, "-n", "50", "--seed", "3"])
        #expect(sampled.output.split(separator: "\n").count == 51)
        let scores = try Program.run(["score", model, "-"], input: sampled.output)
        let direct = try Program.run(["score", "--activation", "elu", state, "-"], input: sampled.output)
        #expect(scores.status == 0 && scores.output == direct.output)
        #expect(scores.output.split(separator: "\n").count == 51)
    }

    @Test func rowsAreScoredAlikeAsCSVAndNDJSONWhateverElseIsInTheFile() throws {
        let model = Program.bundled("digits")
        let table = try Program.run(["sample", model, "-n", "3000", "--seed", "4"]).output
        let rows = table.split(separator: "\n").dropFirst()
        let fromCSV = try Program.run(["score", model, "--output-format", "ndjson"], input: table)
        let lines = rows.map { "[\($0)]\n" }.joined()
        let fromLines = try Program.run(["score", model, "-"], input: lines)
        #expect(fromCSV.status == 0 && fromCSV.output == fromLines.output)
        #expect(fromLines.output.split(separator: "\n").count == 3000)

        let spoilt = try Program.run(["score", model, "-"], input: "[1]\n" + lines + "\n")
        #expect(spoilt.status == 0 && spoilt.errors == "1 of 3001 rows could not be scored\n")
        let found = spoilt.output.split(separator: "\n")
        #expect(found.count == 3001 && found[0].contains("rows[0]: the model has 64 columns, the row 1 values"))
        #expect(found[1...3000].joined(separator: "\n") + "\n" == fromLines.output)

        let wrong = try Program.run(["score", model, "-"], input: "a,b\n1,0\n")
        #expect(wrong.status == 1 && wrong.errors.contains("standard input: the first line must name the columns"))
    }

    @Test func labelsTellHowWellAnomaliesAreFound() throws {
        let model = "\(folder)/labelled.safetensors"
        let trained = try Program.run([
            "train", table(rows: 2000, seed: 6), "-o", model, "--hidden", "16", "--members", "1",
        ])
        try #require(trained.status == 0, "\(trained.errors)")
        #expect(trained.errors.hasPrefix("2000 rows, 3 columns, all binary: a b c\n"))
        // Unequal twins are anomalies, and the model has not seen any.
        let rows = (0..<300).map { "7,\($0 % 2),\($0 % 10 == 0 ? 1 : 0),0,\($0 % 2 ^ ($0 % 10 == 0 ? 1 : 0))\n" }
        let data = "\(folder)/labelled.csv"
        try ("id,a,bad,b,c\n" + rows.joined()).write(toFile: data, atomically: true, encoding: .utf8)
        let outcome = try Program.run(["evaluate", model, data, "--label", "bad", "--drop", "id", "--alpha", "0.05"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        for line in [
            "  anomalies         ", ", 30 rows\n", "AUROC               1.0\n", "average precision   1.0\n",
            "false alarms        0.0 (0.0…0.01403) of the normal rows at alpha 0.05",
            "detected            1.0 (0.88649…1.0) of the anomalies at alpha 0.05",
        ] {
            #expect(outcome.output.contains(line), "\(line) in \(outcome.output)")
        }
        // A column that is not there is no empty one.
        for arguments in [
            ["evaluate", model, data, "--label", "bda", "--drop", "bad,id"],
            ["score", model, data, "--keep", "bda", "--ignore-unknown"],
        ] {
            let misspelt = try Program.run(arguments)
            #expect(misspelt.status == 1, "\(misspelt.errors)")
            #expect(misspelt.errors.contains("no column is called \"bda\""), "\(misspelt.errors)")
        }
        let plots = ["\(folder)/evaluate.svg", "\(folder)/inspect.svg"]
        let evaluated = try Program.run([
            "evaluate", model, data, "--label", "bad", "--drop", "id", "--plot", plots[0],
        ])
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        #expect(try Program.run(["inspect", model, "--plot", plots[1]]).status == 0)
        for plot in plots { #expect(try String(contentsOfFile: plot, encoding: .utf8).hasPrefix("<svg ")) }
        #expect(try Program.run(["inspect", model, "--plot", "\(folder)/none/a.svg"]).status == 1)

        // Values that the model does not know have the little probability kept for such; an anomaly of this kind is found.
        try ("a,b,c,bad\n0,1,0,0\n1,0,1,0\n2,1,1,1\n").write(toFile: data + ".new", atomically: true, encoding: .utf8)
        let unseen = try Program.run(["evaluate", model, data + ".new", "--label", "bad", "--plot", plots[0]])
        #expect(unseen.status == 0, "\(unseen.errors)")
        for line in ["AUROC               1.0\n", ", 3 rows\n", ", 1 row\n"] {
            #expect(unseen.output.contains(line), "\(line) in \(unseen.output)")
        }
        let refusing = try Program.run([
            "evaluate", model, data + ".new", "--label", "bad", "--unseen", "refuse", "--plot", plots[0],
        ])
        #expect(refusing.status == 0 && refusing.errors.contains("row 3.a: \"2\" is not a value of a binary variable"))
        for line in [
            "not scored          1 row: ", "  anomalies         no rows\n", "AUROC               1.0\n", ", 2 rows\n",
        ] {
            #expect(refusing.output.contains(line), "\(line) in \(refusing.output)")
        }

        let refused = try Program.run(["evaluate", model, data, "--label", "bad"])
        #expect(refused.status == 1 && refused.errors.contains("\"id\" is none of the model's"), "\(refused.errors)")
        let ids = try Program.run(["evaluate", model, data, "--label", "id", "--drop", "bad"])
        #expect(
            ids.status == 1 && ids.errors.contains("column \"id\": row 1 is \"7\"; 0 or 1 expected"), "\(ids.errors)")
    }

    @Test func aSchemaIsPrintedAndTakenBack() throws {
        let data = "\(folder)/mixed.csv"
        let rows = (0..<200).map { "\($0),\($0 % 3 == 0 ? "red" : "blue"),\($0 % 7),\($0 % 2)\n" }
        try ("id,colour,day,b\n" + rows.joined()).write(toFile: data, atomically: true, encoding: .utf8)
        let printed = try Program.run(["train", data, "--print-schema", "--categorical", "day", "--drop", "id"])
        #expect(printed.status == 0, "\(printed.errors)")
        #expect(printed.output.contains(#"{"name":"day","type":"categorical","labels":["0","1","2","3","#))
        let schema = "\(folder)/schema.json"
        try printed.output.write(toFile: schema, atomically: true, encoding: .utf8)
        let again = try Program.run(["train", data, "--print-schema", "--schema", schema])
        #expect(again.status == 0 && again.output == printed.output)
        // A pipe is read once.
        let text = try String(contentsOfFile: data, encoding: .utf8)
        #expect(
            try Program.run(["train", "-", "--print-schema", "--schema", schema], input: text).output == printed.output)
        #expect(try Program.run(["train", data, "--print-schema", "--real", "b", "--drop", "b"]).status == 2)
        #expect(try Program.run(["train", data]).status == 2)
    }
}
