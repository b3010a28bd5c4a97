import CFuzzer
import Glibc

/// `Fuzzing TARGET [libFuzzer's arguments]`: hands one input after the other to what reads it in `made`.
@main enum Fuzzing {
    /// libFuzzer calls a function without context: the target stands here, set before the first call.
    nonisolated(unsafe) private static var test: (UnsafeRawBufferPointer) -> Void = { _ in }

    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
            print(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
            exit(arguments.count > 1 ? 64 : 0)
        }
        arguments.remove(at: 1)
        signal(SIGPIPE, SIG_IGN)
        test = try target.makeTest()
        var count = Int32(arguments.count)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let status = pointers.withUnsafeMutableBufferPointer { pointers in
            var start = pointers.baseAddress
            return LLVMFuzzerRunDriver(&count, &start) { data, count in
                Fuzzing.test(UnsafeRawBufferPointer(start: data, count: count))
                return 0
            }
        }
        exit(status)
    }
}
