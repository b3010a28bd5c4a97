internal import Foundation

/// System calls that fail in a run of the program, as `Tests/Faults/faults.c` makes them.
public enum Faults {
    /// The shared library, beside the program; nil where nothing compiles it.
    private static let library: String? = {
        let file = URL(fileURLWithPath: Program.path).deletingLastPathComponent().appendingPathComponent("faults.so")
        // Another run of the tests may be loading the one that is there.
        let new = file.path + "-\(UUID().uuidString)"
        defer { unlink(new) }
        for compiler in ["cc", "clang", "gcc"] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                compiler, "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", new,
                "\(Program.root)/Tests/Faults/faults.c",
            ]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { continue }
            process.waitUntilExit()
            if process.terminationStatus == 0, rename(new, file.path) == 0 { return file.path }
        }
        return nil
    }()

    /// Whether there is such a library.
    public static let isAvailable = library != nil
    /// Why there is none.
    public static let reason = "needs a C compiler that makes shared libraries: cc, clang or gcc"

    /// The environment of a run in which calls fail by `rules`.
    public static func environment(_ rules: String) -> [String: String] {
        ["LD_PRELOAD": library ?? "", "FAULTS": rules]
    }
}
