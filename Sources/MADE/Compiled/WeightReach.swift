internal import CStaircase

extension CompiledMember {
    /// The last position of the ordering that each output place depends on [outputs], by the weights that serve; −1 where it
    /// depends on none.
    func lastPositions() -> [Int32] {
        let inputs = positions(unitCount: inputUnits.count) { $0.pointee.first_input }
        var lasts = inputs
        for (index, layer) in layers.enumerated() {
            let next = layer.greatest(of: lasts)
            lasts = isResidual[index] ? zip(next, lasts).map(max) : next
        }
        return direct.map { zip(lasts, $0.greatest(of: inputs)).map(max) } ?? lasts
    }

    /// The position of the variable that each output place belongs to [outputs].
    func outputPositions() -> [Int32] {
        positions(unitCount: outputUnits.count) { $0.pointee.first_output }
    }

    /// The position of the variable of each of `unitCount` places, as the kernels know it; `first` is a variable's first.
    private func positions(unitCount: Int, first: (UnsafePointer<staircase_variable>) -> Int) -> [Int32] {
        var positions: [Int32] = []
        positions.reserveCapacity(unitCount)
        for position in 0..<ordering.count {
            let end = position + 1 < ordering.count ? first(variables[position + 1]) : unitCount
            positions += repeatElement(Int32(position), count: end - first(variables[position]))
        }
        return positions
    }
}

extension PackedLayer {
    /// The greatest of `lasts` [inputs] over the inputs that each output has a weight from which is not 0 [outputs]; −1 where
    /// it has none.
    ///
    /// The weights are looked at as the kernels read them, the padding behind an output's own depth included.
    func greatest(of lasts: [Int32]) -> [Int32] {
        precondition(lasts.count == inputCount)
        var greatestBefore: [Int32] = [-1]
        greatestBefore.reserveCapacity(inputCount + 1)
        for last in lasts { greatestBefore.append(max(greatestBefore[greatestBefore.count - 1], last)) }
        var found: [Int32] = []
        found.reserveCapacity(panelCount * Self.panelWidth)
        for panel in 0..<panelCount {
            let depth = depths.base[panel]
            let laneCount = min(Self.panelWidth, outputCount - panel * Self.panelWidth)
            if let weights {
                let stride = Self.inputStride(.fp32)
                let size = max(0, (depth - 1) * stride + Self.panelWidth)
                (weights.base + starts.base[panel]).withMemoryRebound(to: UInt32.self, capacity: size) {
                    found += Self.greatest(
                        of: lasts, greatestBefore, depth: depth, weights: $0, stride: stride, laneCount: laneCount)
                }
            } else if let halves {
                found += Self.greatest(
                    of: lasts, greatestBefore, depth: depth, weights: halves.base + starts.base[panel],
                    stride: Self.inputStride(.fp16), laneCount: laneCount)
            }
        }
        return found
    }

    /// The same of one panel, from its last input on to its first: `greatestBefore` [inputs + 1] is the greatest of `lasts`
    /// before each input, so that the rest need not be looked at once it can add nothing.
    private static func greatest<Bits: FixedWidthInteger>(
        of lasts: [Int32], _ greatestBefore: [Int32], depth: Int, weights: UnsafePointer<Bits>, stride: Int,
        laneCount: Int
    ) -> ArraySlice<Int32> {
        var found = [Int32](repeating: -1, count: laneCount)
        // Padding lanes are nobody's.
        found += repeatElement(.max, count: panelWidth - laneCount)
        found.withUnsafeMutableBufferPointer { found in
            for input in (0..<depth).reversed() {
                if input % 16 == 15, found.allSatisfy({ $0 >= greatestBefore[input + 1] }) { return }
                let last = lasts[input]
                let row = weights + input * stride
                for lane in 0..<panelWidth {
                    found[lane] = max(found[lane], row[lane] == 0 ? -1 : last)
                }
            }
        }
        return found[..<laneCount]
    }
}
