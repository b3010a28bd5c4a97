import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// Values that rows lack are filled in; those that are there come back as they were sent.
@Suite struct ImputeTests {
    private typealias Object = [String: Any]

    private func ask(_ service: TestService, _ rows: String, _ more: String = "") throws -> Object {
        let response = try service.post("/impute", "{\"rows\":[\(rows)]\(more)}")
        try #require(response.status == 200, "\(response.text)")
        return try #require(JSONSerialization.jsonObject(with: Data(response.body)) as? Object)
    }

    private func rows(_ answer: Object) throws -> [Object] { try #require(answer["rows"] as? [Object]) }

    private func imputed(_ answer: Object) throws -> [[Object]] { try #require(answer["imputed"] as? [[Object]]) }

    @Test func eachValueIsTheBestOfItsFullConditional() throws {
        let model = TableModel.model(members: 2)
        let service = try TestService([model])
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        for (lost, more) in [(["grade"], ""), (["price"], #","method":"best""#), (["city", "size"], "")] {
            let changes = Dictionary(uniqueKeysWithValues: lost.map { ($0, "null") })
            let answer = try ask(service, TableModel.object(changes), more)
            #expect(answer["method"] as? String == "best" && answer["draws"] == nil)
            var row = TableModel.encodedCells
            for (index, variable) in TableModel.variables.enumerated() where lost.contains(variable.name) {
                row[index] = .nan
            }
            let found = try imputed(answer)[0]
            #expect(found.map { $0["variable"] as? String } == lost)
            for entry in found {
                let index = try #require(TableModel.variables.firstIndex { $0.name == entry["variable"] as? String })
                let conditional = compiled.fullConditional(of: index, in: row, using: workspace)
                let best = conditional.best(of: TableModel.variables[index])
                let sent = try rows(answer)[0][TableModel.variables[index].name]
                if case .categorical(let categories) = TableModel.variables[index].kind {
                    #expect(entry["value"] as? String == categories.label(of: Int(best)))
                    #expect(sent as? String == categories.label(of: Int(best)))
                } else {
                    #expect(entry["value"] as? Double == best && sent as? Double == best)
                    let range = try #require(entry["range"] as? [Double])
                    #expect(range[0] <= best && best <= range[1])
                }
            }
        }
    }

    @Test func valuesThatAreThereComeBackAsTheyWereSent() throws {
        let service = try TestService([TableModel.model()])
        let text =
            #"{"id":"A-7","size":2.50,"city":"Atlantis","price":"1.500,00 €","side":"right","flag":false,"when":"soon"}"#
        let response = try service.post("/impute", "{\"rows\":[\(text)]}")
        let expected =
            #""rows":[{"id":"A-7","city":"Atlantis","price":"1.500,00 €","when":"soon","side":"right","flag":false,"grade":""#
        #expect(response.text.contains(expected) && response.text.contains(#","size":2.50}]"#), "\(response.text)")
        // An array is a row of the model's columns.
        let array = try service.post("/impute", #"{"rows":[["Paris",1500,"right",0,"2",null]]}"#).text
        #expect(
            array.contains(#""rows":[{"city":"Paris","price":1500,"side":"right","flag":0,"grade":"2","size":"#),
            "\(array)")
        let none = try ask(service, TableModel.object())
        #expect(try imputed(none)[0].isEmpty)
        #expect(try rows(ask(service, "")).isEmpty)
    }

    @Test func drawsAreOfAllMissingValuesTogether() throws {
        let service = try TestService([TableModel.model(members: 2)])
        let row = TableModel.object(["city": "null", "price": "null", "flag": "null"])
        let options = #","method":"draw","draws":40,"seed":5"#
        let answer = try ask(service, "\(row),\(row)", options)
        #expect(answer["seed"] as? Int == 5 && answer["rows"] == nil)
        let draws = try #require(answer["draws"] as? [[Object]])
        #expect(draws.count == 40 && draws.allSatisfy { $0.count == 2 })
        let entries = try imputed(answer)
        #expect(
            entries.map { $0.map { $0["variable"] as? String } } == [
                ["city", "price", "flag"], ["city", "price", "flag"],
            ])
        let prices = try #require(entries[0][1]["values"] as? [Double])
        #expect(prices == draws.map { $0[0]["price"] as? Double } && Set(prices).count > 20)
        #expect(prices.allSatisfy { (1...9999.5).contains($0) && abs(($0 * 100).rounded() - $0 * 100) < 1e-6 })
        // Rows that are alike are drawn apart; the same request gets the same draws, and fewer of them the first ones.
        #expect(prices != entries[1][1]["values"] as? [Double])
        let fewer = try ask(service, row, #","method":"draw","draws":3,"seed":5"#)
        #expect(try imputed(fewer)[0][1]["values"] as? [Double] == Array(prices.prefix(3)))
        let fresh = try ask(service, row, #","method":"draw""#)
        #expect((fresh["seed"] as? Int) != nil && (fresh["draws"] as? [[Object]])?.count == 1)
    }

    @Test func datesAreFilledInInTheirOwnForm() throws {
        let service = try TestService([OrderModel.model()])
        for (row, lost) in [
            (#"{"ordered":null,"amount":60,"sent":null}"#, ["ordered", "sent"]),
            (#"{"ordered":"2024-03-01 10:15","amount":60}"#, ["sent"]),
            (#"{"amount":null,"sent":1709291700}"#, ["ordered", "amount"]),
        ] {
            for more in ["", #","method":"draw","draws":2,"seed":3"#] {
                let answer = try ask(service, row, more)
                let entries = try imputed(answer)[0]
                #expect(entries.map { $0["variable"] as? String } == lost, "\(entries)")
                let all = answer["rows"] as? [Object] ?? (answer["draws"] as? [[Object]])?[0]
                let filled = try #require(all)[0]
                let ordered = try #require(filled["ordered"] as? String)
                #expect(ordered.count == 16 && ordered.hasPrefix("202"), "\(filled)")
                #expect(filled["sent"] is Int, "\(filled)")
                if !lost.contains("sent") { #expect(filled["sent"] as? Int == 1_709_291_700) }
                if !lost.contains("ordered") { #expect(ordered == "2024-03-01 10:15") }
                if let entry = entries.first(where: { $0["variable"] as? String == "ordered" }) {
                    let parts = try #require(entry["parts"] as? [Object])
                    #expect(parts.map { $0["part"] as? String } == ["weekday", "month", "time"])
                    #expect(parts.allSatisfy { $0["range"] is [Any] } && entry["range"] == nil)
                }
                // What is answered can be scored.
                let body = try JSONSerialization.data(withJSONObject: ["rows": [filled]])
                #expect(try service.post("/score", String(decoding: body, as: UTF8.self)).status == 200)
            }
        }
    }

    @Test func whatHasNoMeaningIsRefused() throws {
        let service = try TestService([randomModel("m", variables: 3)]) { $0.queueRowsMax = 50 }
        for (body, status, pointer, detail) in [
            (#"{"rows":[[0,1,null]],"draws":2}"#, 422, "/draws", "\"method\": \"draw\""),
            (#"{"rows":[[0,1,null]],"method":"best","seed":2}"#, 422, "/seed", "not drawn"),
            (#"{"rows":[[0,1,null]],"method":"mean"}"#, 422, "/method", "\"best\" or \"draw\""),
            (#"{"rows":[[0,1,null]],"method":"draw","draws":0}"#, 422, "/draws", "1 to 1000"),
            (#"{"rows":[[0,1,null]],"methd":"best"}"#, 400, "/methd", "did you mean 'method'?"),
            (#"{"rows":[[0,1,7]]}"#, 422, "/rows/0/2", "v2"), (#"{"rows":7}"#, 400, "/rows", "array of rows"),
        ] {
            let problem = try service.post("/impute", body).decode(ProblemReply.self)
            #expect(problem.status == status && problem.pointer == pointer, "\(problem)")
            #expect(problem.detail.contains(detail), "\(problem)")
        }
        let rows = [String](repeating: "[0,1,null]", count: 60).joined(separator: ",")
        #expect(try service.post("/impute", "{\"rows\":[\(rows)]}").status == 413)
    }
}
