/// A frame with two axes at a place of a drawing, and series in it.
struct Chart {
    /// Pixels of every chart, its titles included.
    static let width = 680.0
    static let height = 300.0

    private static let left = 64.0
    private static let right = 24.0
    private static let top = 46.0
    private static let bottom = 48.0

    private let x: Axis
    private let y: Axis
    private let offset: Double
    private let clip: String

    /// Draws the frame into `drawing`, `offset` pixels from its top.
    init(_ title: String, x: Axis, y: Axis, offset: Double, in drawing: inout Drawing) {
        self.x = x
        self.y = y
        self.offset = offset
        let (width, height) = (Self.width - Self.left - Self.right, Self.height - Self.top - Self.bottom)
        clip = drawing.clip(x: Self.left, y: offset + Self.top, width: width, height: height)
        drawing.text(title, x: Self.left, y: offset + 18, .start, "title")
        for tick in y.ticks {
            let place = self.place(x.range.lowerBound, tick)
            drawing.line([place, (Self.width - Self.right, place.y)], .grid)
            drawing.text(Axis.text(tick), x: Self.left - 8, y: place.y + 4, .end, "note")
        }
        for tick in x.ticks {
            let place = self.place(tick, y.range.lowerBound)
            drawing.line([place, (place.x, place.y + 4)], .frame)
            drawing.text(Axis.text(tick), x: place.x, y: place.y + 18, .middle, "note")
        }
        drawing.rectangle(x: Self.left, y: offset + Self.top, width: width, height: height, "frame")
        drawing.text(x.title, x: Self.left + width / 2, y: offset + Self.height - 10, .middle, "note")
        drawing.text(y.title, x: Self.left - 8, y: offset + Self.top - 7, .start, "note")
    }

    /// Where a point of the axes' values lies.
    private func place(_ valueX: Double, _ valueY: Double) -> (x: Double, y: Double) {
        (
            Self.left + x.place(of: valueX) * (Self.width - Self.left - Self.right),
            offset + Self.height - Self.bottom - y.place(of: valueY) * (Self.height - Self.top - Self.bottom)
        )
    }

    /// A line through `points`.
    func line(_ points: [(x: Double, y: Double)], _ role: Drawing.Role, in drawing: inout Drawing) {
        drawing.line(points.map { place($0.x, $0.y) }, role, clip: clip)
    }

    /// What lies between `lower` and `upper`.
    func band(
        _ lower: [(x: Double, y: Double)], _ upper: [(x: Double, y: Double)], _ role: Drawing.Role,
        in drawing: inout Drawing
    ) {
        drawing.area((lower + upper.reversed()).map { place($0.x, $0.y) }, role, isBand: true, clip: clip)
    }

    /// Columns of these heights side by side over the whole axis.
    func columns(_ heights: [Double], _ role: Drawing.Role, in drawing: inout Drawing) {
        let step = (x.range.upperBound - x.range.lowerBound) / Double(heights.count)
        let edges = (0...heights.count).map { x.range.lowerBound + Double($0) * step }
        var outline = [place(edges[0], 0)]
        for (index, height) in heights.enumerated() {
            outline += [place(edges[index], height), place(edges[index + 1], height)]
        }
        drawing.area(outline + [place(edges[heights.count], 0)], role, clip: clip)
    }

    /// A vertical line at `value` with a text at the line's top, `row` lines of text below the frame's.
    func threshold(_ value: Double, _ text: String, row: Int, in drawing: inout Drawing) {
        guard x.range.contains(value) else { return }
        let top = place(value, y.range.upperBound)
        drawing.line([top, place(value, y.range.lowerBound)], .threshold)
        let isRight = top.x > Self.width - Self.right - 90
        drawing.text(
            text, x: top.x + (isRight ? -4 : 4), y: top.y + 14 + 15 * Double(row), isRight ? .end : .start, "threshold")
    }

    /// The series' names, the first at the right end of the title's line.
    func legend(_ names: [(name: String, role: Drawing.Role)], in drawing: inout Drawing) {
        for (index, entry) in names.enumerated() {
            drawing.text(
                entry.name, x: Self.width - Self.right, y: offset + 16 + 15 * Double(index), .end, entry.role.rawValue)
        }
    }
}
