import Testing

@testable import DensityService

@Test func aNewKeyIsOneThatItsLineKnows() throws {
    let keys = try ["score", "score,metrics", "admin"].map { try NewKey(name: "a-b.c@d", scopes: $0) }
    #expect(Set(keys.map(\.text)).count == 3)
    for key in keys {
        #expect(key.text.contains(#/^[0-9a-f]{64}$/#))
        let ring = KeyRing(try KeyFile.keys(of: key.line, path: "keys"))
        #expect(ring.place(of: Array(key.text.utf8)[...]) == 0 && ring.place(of: Array("no".utf8)[...]) == nil)
    }
    for (name, scopes) in [("", "score"), ("a b", "score"), ("a#b", "score"), ("a", ""), ("a", "scroe"), ("a", "*")] {
        #expect(throws: ServiceError.self, "\(name) \(scopes)") { try NewKey(name: name, scopes: scopes) }
    }
}
