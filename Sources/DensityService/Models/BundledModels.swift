internal import Glibc

/// The models that come with the program.
public enum BundledModels {
    /// The one of them that answers requests which name no model, unless another is said to.
    public static let defaultName = "nltcs"

    /// `config/models` of the working directory, or of the nearest folder above the executable that has them: as in a
    /// repository, or as an installed package has them, in `share/made/models`.
    ///
    /// - Throws: a line that names where it looked.
    public static func directory() throws(ServiceError) -> String {
        if ModelFile.isFolder(inTree) { return inTree }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:))
        if let found = directory(above: String(decoding: bytes, as: UTF8.self)) { return found }
        throw ServiceError(
            "no model is named, and there is no folder \(inTree) here, nor one or \(installed) above the program; name a "
                + "checkpoint")
    }

    private static let inTree = "config/models"
    private static let installed = "share/made/models"

    /// The nearest to a file's path.
    static func directory(above path: String) -> String? {
        var folder = path[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            for relative in [inTree, installed] where ModelFile.isFolder("\(folder)/\(relative)") {
                return "\(folder)/\(relative)"
            }
        }
        return nil
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
