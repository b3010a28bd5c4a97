import CRows
import Testing

/// Cells of a body's rows that are handed back.
@Test func cellsOfABodyComeBackAsTheyWereSent() {
    let scanning = Scanning([Column(name: "a"), Column(name: "b", kind: MADE_COLUMN_REAL)])
    let texts = Texts()
    scanning.request.kept = texts.list(["b", "x", "a"])
    scanning.request.kept_count = 3
    let body = #"{"rows": [[1, 2.50], {"b": "7", "x": {"y": [1]}}, {"a": 2, "b": 1}, [0, null]]}"#
    let found = scanning(body)
    #expect(found.faults.map(\.row) == [2], "cells of faulty rows come back, too")
    #expect(
        found.kept == [
            ["#2.50", "-", "#1"], ["7", #"#{"y": [1]}"#, "-"], ["#1", "-", "#2"], ["-", "-", "#0"],
        ])
    scanning.request.kept_count = 0
    #expect(scanning(#"{"rows": [[1, 2.50]]}"#).kept.isEmpty)
}

@Test func cellsOfDenseRowsComeBackToo() {
    let scanning = Scanning([Column(name: "a"), Column(name: "b")])
    let texts = Texts()
    scanning.request.kept = texts.list(["b", "a"])
    scanning.request.kept_count = 2
    #expect(scanning(#"{"rows":[[1,0],[0,1]]}"#).kept == [["#0", "#1"], ["#1", "#0"]])
}
