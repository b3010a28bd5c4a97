/// `; did you mean 'NEAREST'?`, or nothing where no known name is near.
package func suggestion(for name: String, among known: some Sequence<String>) -> String {
    nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
}

/// The known name with the fewest edits from `name`, if that is fewer than half its letters.
package func nearest(to name: String, among known: some Sequence<String>) -> String? {
    let letters = Array(name.lowercased().unicodeScalars.prefix(64))
    var best: (name: String, distance: Int)?
    for candidate in known {
        let other = Array(candidate.lowercased().unicodeScalars.prefix(64))
        let distance = editDistance(letters, other)
        if distance * 2 <= max(letters.count, other.count), distance < best?.distance ?? .max {
            best = (candidate, distance)
        }
    }
    return best?.name
}

/// Insertions, deletions and substitutions that turn one word into the other (Levenshtein 1966).
private func editDistance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in second.indices {
            let substituted = diagonal + (letter == second[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substituted, diagonal + 1, row[column] + 1)
        }
    }
    return row[second.count]
}

/// A text from a request as it may stand in a message: quoted, and cut off after a few characters.
package func quoted(_ text: String, limit: Int = 64) -> String {
    let short = text.unicodeScalars.prefix(limit)
    var shown = ""
    for scalar in short {
        if scalar == "\"" || scalar == "\\" { shown += "\\" }
        shown.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return "\"\(shown)\(text.unicodeScalars.count > limit ? "…" : "")\""
}
