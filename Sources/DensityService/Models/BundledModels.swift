internal import Glibc

/// The models that come with the program.
public enum BundledModels {
    /// The one of them that answers requests which name no model, unless another is said to.
    public static let defaultName = "nltcs"

    /// `config/models` of the working directory, or of the nearest folder above the executable that has one.
    ///
    /// - Throws: a line that names where it looked.
    public static func directory() throws(ServiceError) -> String {
        let relative = "config/models"
        if ModelFile.isFolder(relative) { return relative }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:))
        var folder = String(decoding: bytes, as: UTF8.self)[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            let candidate = "\(folder)/\(relative)"
            if ModelFile.isFolder(candidate) { return candidate }
        }
        throw ServiceError(
            "no model is named, and there is no folder config/models here or above the program; name a checkpoint")
    }
}

/// The models of a service that is told of none.
public enum DefaultModels {
    /// Where SageMaker and KServe put the models of a container.
    static let mounts = ["/opt/ml/model", "/mnt/models"]

    /// The folders of `mounts` that exist; the bundled models where none does.
    ///
    /// - Parameter root: a folder to take for `/`.
    /// - Throws: a line that names where it looked.
    public static func paths(root: String = "") throws(ServiceError) -> [String] {
        let mounted = mounts.map { root + $0 }.filter(ModelFile.isFolder)
        return try mounted.isEmpty ? [BundledModels.directory()] : mounted
    }
}
