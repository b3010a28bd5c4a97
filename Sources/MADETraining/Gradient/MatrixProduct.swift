internal import COpenBLAS

/// Row-major single-precision matrix products on the calling thread.
enum MatrixProduct {
    /// Keeps OpenBLAS from threads of its own: the order of its sums would depend on how many there are.
    static let prepare: Void = openblas_set_num_threads(1)

    /// c [rows × columns] += a [rows × depth] · b [columns × depth] transposed; strides in elements a row.
    static func addTransposed(
        _ a: UnsafePointer<Float>, stride aStride: Int, _ b: UnsafePointer<Float>, stride bStride: Int,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, depth: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(depth), 1, a, Int32(aStride),
            b, Int32(bStride), 1, c, Int32(cStride))
    }

    /// c [rows × columns] += a [rows × depth] · b [depth × columns]; strides in elements a row.
    static func add(
        _ a: UnsafePointer<Float>, stride aStride: Int, _ b: UnsafePointer<Float>, stride bStride: Int,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, depth: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1, a, Int32(aStride),
            b, Int32(bStride), 1, c, Int32(cStride))
    }

    /// c [rows × columns] = a [depth × rows] transposed · b [depth × columns]; strides in elements a row.
    static func setOuter(
        _ a: UnsafePointer<Float>, stride aStride: Int, _ b: UnsafePointer<Float>, stride bStride: Int,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, depth: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1, a, Int32(aStride),
            b, Int32(bStride), 0, c, Int32(cStride))
    }

    /// Sum of the squares of `count` numbers.
    static func squaredNorm(_ numbers: UnsafePointer<Float>, count: Int) -> Float {
        cblas_sdot(Int32(count), numbers, 1, numbers, 1)
    }

    /// numbers = factor · numbers, `count` of them.
    static func scale(_ numbers: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
        cblas_sscal(Int32(count), factor, numbers, 1)
    }
}
