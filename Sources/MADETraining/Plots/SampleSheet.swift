/// Rows as pictures, side by side.
struct SampleSheet {
    /// Pictures a line and lines.
    static let columnCount = 10
    static let rowCount = 4
    static var count: Int { columnCount * rowCount }

    private static let levels = 8
    private static let gap = 6.0

    /// Pixels a line of a picture.
    let imageWidth: Int
    /// `[count × variables]`, from 0 for empty to 1 for full.
    let pixels: [Float]

    private var imageHeight: Int { pixels.count / Self.count / imageWidth }
    private var side: Double {
        (Chart.width - 2 * 24 - Self.gap * Double(Self.columnCount - 1)) / Double(Self.columnCount)
    }
    private var scale: Double { side / Double(max(imageWidth, imageHeight)) }

    /// Pixels of the whole sheet.
    var height: Double { 40 + Double(Self.rowCount) * (Double(imageHeight) * scale + Self.gap) + 16 }

    func draw(offset: Double, in drawing: inout Drawing) {
        drawing.text("Rows drawn from the model", x: 24, y: offset + 22, .start, "title")
        let size = imageWidth * imageHeight
        for index in 0..<Self.count {
            let x = 24 + Double(index % Self.columnCount) * (side + Self.gap)
            let y = offset + 40 + Double(index / Self.columnCount) * (Double(imageHeight) * scale + Self.gap)
            drawing.rectangle(
                x: x, y: y, width: Double(imageWidth) * scale, height: Double(imageHeight) * scale, "cell")
            let picture = Array(pixels[index * size..<(index + 1) * size])
            for level in 1...Self.levels {
                let data = runs(of: level, in: picture, x: x, y: y)
                guard !data.isEmpty else { continue }
                drawing.path(data, "pixel", opacity: Double(level) / Double(Self.levels))
            }
        }
    }

    /// Path data of the pixels of one level, neighbours of a line in one piece.
    private func runs(of level: Int, in picture: [Float], x: Double, y: Double) -> String {
        let isOn = picture.map { Int(($0 * Float(Self.levels)).rounded()) == level }
        var data = ""
        for row in 0..<imageHeight {
            var column = 0
            while column < imageWidth {
                let start = column
                while column < imageWidth && isOn[row * imageWidth + column] { column += 1 }
                if column > start {
                    let left = text(x + Double(start) * scale)
                    let width = text(Double(column - start) * scale)
                    data += "M\(left) \(text(y + Double(row) * scale))h\(width)v\(text(scale))h-\(width)z"
                }
                column += 1
            }
        }
        return data
    }

    private func text(_ length: Double) -> String { "\((length * 100).rounded() / 100)" }
}
