import CRows
import Foundation
import Testing

private let abc = [Column(name: "a"), Column(name: "b"), Column(name: "c")]

@Test func aTensorIsNestedOrFlat() {
    let scanning = Scanning(abc, form: MADE_ROWS_TENSOR)
    for text in ["[[0,1,0],[1,1,0]]", "[0,1.0,0e0, 1,true,-0]", "[[0,1,0],1,1,0]", "[0,1,0,[1,1,0]]"] {
        let scan = scanning("{\"rows\":\(text)}")
        #expect(scan.status == MADE_SCAN_OK && scan.faults == [] && scan.rowCount == 2, "\(text)")
        #expect(scan.values == [0, 1, 0, 1, 1, 0], "\(text)")
    }
    #expect(scanning(#"{"rows":[]}"#).rowCount == 0)
}

@Test func aTensorsFaultsAreItsRows() {
    let scanning = Scanning(abc, form: MADE_ROWS_TENSOR)
    let scan = scanning(#"{"rows":[0,1,2, 1,0,1, 0,null,0, {"a":1},0,0, 1,[1,0,0],[0,1], 0,"x",tru]}"#)
    #expect(scan.status == MADE_SCAN_NOT_JSON)
    let whole = scanning(#"{"rows":[0,1,2, 1,0,1, 0,null,0, {"a":1},0,[], 1,[1,0,0],[0,1], 0]}"#)
    #expect(
        whole.faults == [
            .init(fault: MADE_ROW_NOT_BINARY, row: 0, column: 2, text: "2"),
            .init(fault: MADE_ROW_WRONG_TYPE, row: 3, column: 0, text: "{"),
            .init(fault: MADE_ROW_WRONG_COUNT, row: 4, found: 0),
            .init(fault: MADE_ROW_WRONG_COUNT, row: 5, found: 1),
            .init(fault: MADE_ROW_WRONG_COUNT, row: 7, found: 2),
            .init(fault: MADE_ROW_WRONG_COUNT, row: 8, found: 1),
        ])
    #expect(whole.specialRowCount == 1 && whole.values[4].isNaN)
    #expect(whole.values.filter { !$0.isNaN } == [1, 0, 1, 0, 0, 1, 0, 0])
}

@Test func aTensorIsBoundInRows() {
    let scanning = Scanning(abc, form: MADE_ROWS_TENSOR, rowsMax: 2)
    #expect(scanning(#"{"rows":[0,0,0,0,0,0]}"#).status == MADE_SCAN_OK)
    #expect(scanning(#"{"rows":[0,0,0,0,0,0,0]}"#).status == MADE_SCAN_TOO_MANY_ROWS)
}

@Test func aTensorsCategoriesAreIndices() {
    let columns = [Column(name: "cut", kind: MADE_COLUMN_CATEGORICAL, labels: ["Fair", "Good"])]
    let scanning = Scanning(columns, form: MADE_ROWS_TENSOR)
    #expect(scanning(#"{"rows":[0,1.0,[1]]}"#).values == [0, 1, 1])
    #expect(
        scanning(#"{"rows":[2,-1,0.5,"Fair"]}"#).faults.map(\.fault) == [
            MADE_ROW_UNKNOWN_LABEL, MADE_ROW_UNKNOWN_LABEL, MADE_ROW_UNKNOWN_LABEL, MADE_ROW_WRONG_TYPE,
        ])
}
