internal import CStaircase

/// The kernels' functions for one instruction set.
///
/// `@unchecked Sendable`: they stand in constant memory and keep no state.
struct Kernels: @unchecked Sendable {
    private let table: UnsafePointer<staircase_kernels>

    /// The fastest that this processor has.
    static let best = Kernels(table: staircase_kernels_best())

    /// All that this processor has, for tests.
    static let all = [STAIRCASE_PORTABLE, STAIRCASE_AVX2, STAIRCASE_AVX512].compactMap { set in
        staircase_kernels_for(set).map(Kernels.init(table:))
    }

    private init(table: UnsafePointer<staircase_kernels>) {
        self.table = table
    }

    var functions: staircase_kernels { table.pointee }
    var name: String { String(cString: table.pointee.name) }

    /// The first `count` uniform numbers, in (0, 1), of stream `stream` of draw `draw` of `seed`, `stride` apart.
    func uniforms(
        seed: UInt64, draw: UInt64, stream: SamplingStream, count: Int, into numbers: UnsafeMutablePointer<Float>,
        stride: Int = 1
    ) {
        functions.uniforms(seed, draw, stream.rawValue, count, numbers, stride)
    }
}

extension Activation {
    var kernel: staircase_activation {
        switch self {
        case .relu: STAIRCASE_RELU
        case .elu: STAIRCASE_ELU
        case .tanh: STAIRCASE_TANH
        case .sigmoid: STAIRCASE_SIGMOID
        }
    }
}

/// A block of rows of floats in memory that somebody else owns.
struct RowBlock {
    var base: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    var stride: Int

    /// A stride of at least `width` floats, whole panels, that does not map the rows of a tile onto few cache sets.
    static func stride(width: Int) -> Int {
        let panels = (width + PackedLayer.panelWidth - 1) / PackedLayer.panelWidth
        return (panels | 1) * PackedLayer.panelWidth
    }
}
