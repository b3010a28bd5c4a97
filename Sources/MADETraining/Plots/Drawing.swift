public import MADE

extension OutputKind {
    /// Charts, as `Picture` draws them.
    public static let plot = OutputKind("a plot that made has drawn", prefix: Drawing.opening)
}

/// Shapes and texts that become an SVG document. Colours are classes, so that one document is legible on white and on
/// black: it has its own paper, which follows the reader's colour scheme.
struct Drawing {
    /// What a shape is for, which gives its colour.
    enum Role: String {
        case frame, grid, threshold, reference
        /// The one series, or the first of two: normal rows, the validation rows.
        case first
        /// Anomalies, the training rows.
        case second
    }

    /// Where a text is anchored.
    enum Anchor: String {
        case start, middle, end
    }

    private var elements: [String] = []
    private var clipCount = 0

    /// How every document begins, and those of other programs do not.
    static let opening = "<svg data-generator=\"made\" "

    private static let style = """
        text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}.note{fill:#57606a}
        .paper{fill:#fff}.frame,.grid,.threshold,.reference,.line{fill:none}
        .frame{stroke:#57606a}.grid{stroke:#d0d7de}.threshold{stroke:#9a6700;stroke-dasharray:5 3}
        .reference{stroke:#57606a;stroke-dasharray:2 3}.line{stroke-width:1.5}.area{fill-opacity:.25;stroke-width:1.2}
        .first{stroke:#0969da;fill:#0969da}.second{stroke:#cf222e;fill:#cf222e}.line.first,.line.second{fill:none}
        text.first,text.second,text.threshold{stroke:none}text.threshold{fill:#9a6700}
        .band{fill-opacity:.18}.band.first,.band.second{stroke:none}.pixel{fill:#1f2328}.cell{fill:#f6f8fa}
        @media(prefers-color-scheme:dark){text,.pixel{fill:#e6edf3}.note{fill:#9198a1}.paper{fill:#0d1117}
        .frame,.reference{stroke:#9198a1}.grid{stroke:#30363d}.threshold{stroke:#d29922}text.threshold{fill:#d29922}
        .first{stroke:#4493f8;fill:#4493f8}.second{stroke:#f85149;fill:#f85149}.cell{fill:#161b22}}
        """

    /// A line through `points`.
    mutating func line(_ points: [(x: Double, y: Double)], _ role: Role, clip: String? = nil) {
        let isSeries = role == .first || role == .second
        path(Self.moves(points), isSeries ? "line \(role.rawValue)" : role.rawValue, clip: clip)
    }

    /// A filled outline.
    mutating func area(_ points: [(x: Double, y: Double)], _ role: Role, isBand: Bool = false, clip: String? = nil) {
        path(Self.moves(points) + "z", "\(isBand ? "band" : "area") \(role.rawValue)", clip: clip)
    }

    /// Path data of the drawing's own making.
    mutating func path(_ data: String, _ classes: String, clip: String? = nil, opacity: Double = 1) {
        let clipping = clip.map { " clip-path=\"url(#\($0))\"" } ?? ""
        let shade = opacity < 1 ? " fill-opacity=\"\(opacity)\"" : ""
        elements.append("<path class=\"\(classes)\" d=\"\(data)\"\(clipping)\(shade)/>")
    }

    /// A rectangle.
    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, _ classes: String) {
        elements.append(
            "<rect class=\"\(classes)\" x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" width=\"\(Self.text(width))\" "
                + "height=\"\(Self.text(height))\"/>")
    }

    /// One line of text, its baseline at `y`.
    mutating func text(_ text: String, x: Double, y: Double, _ anchor: Anchor = .start, _ classes: String = "") {
        elements.append(
            "<text class=\"\(classes)\" x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" text-anchor=\"\(anchor.rawValue)\">"
                + "\(Self.escaped(text))</text>")
    }

    /// The name of a rectangle that shapes are cut to.
    mutating func clip(x: Double, y: Double, width: Double, height: Double) -> String {
        clipCount += 1
        let name = "clip\(clipCount)"
        elements.append("<clipPath id=\"\(name)\">")
        rectangle(x: x, y: y, width: width, height: height, "")
        elements.append("</clipPath>")
        return name
    }

    /// The SVG document, all lengths in pixels.
    func document(width: Double, height: Double, title: String) -> String {
        let size = "width=\"\(Self.text(width))\" height=\"\(Self.text(height))\""
        let box = "viewBox=\"0 0 \(Self.text(width)) \(Self.text(height))\""
        return """
            \(Self.opening)xmlns="http://www.w3.org/2000/svg" \(size) \(box) role="img">
            <title>\(Self.escaped(title))</title>
            <style>\(Self.style)</style>
            <rect class="paper" width="100%" height="100%"/>
            \(elements.joined(separator: "\n"))
            </svg>

            """
    }

    private static func moves(_ points: [(x: Double, y: Double)]) -> String {
        "M" + points.map { "\(text($0.x)) \(text($0.y))" }.joined(separator: "L")
    }

    /// A hundredth of a pixel is not seen.
    private static func text(_ length: Double) -> String {
        let rounded = (length * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            // XML has no other control characters.
            case _ where character.unicodeScalars.contains { $0.value < 0x20 }: escaped += " "
            default: escaped.append(character)
            }
        }
    }
}
