/// The command that trains the model again that a search has found.
enum Reproduction {
    /// `words` is the command of the search, without the program; `settings` is what the winner adds.
    static func command(_ words: [String], settings: [String]) -> String {
        var kept: [String] = []
        var isValue = false
        for word in words {
            if isValue {
                isValue = false
            } else if word == "--search" || word == "--search-minutes" {
                isValue = true
            } else if !word.hasPrefix("--search=") && !word.hasPrefix("--search-minutes=") {
                kept.append(word)
            }
        }
        return (["made"] + kept + settings).map(quoted).joined(separator: " ")
    }

    /// As a POSIX shell reads it back.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./,=:@%+".utf8.contains(byte)
            }
        }
        if plain && !word.isEmpty { return word }
        let parts = word.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.joined(separator: "'\\''") + "'"
    }
}
