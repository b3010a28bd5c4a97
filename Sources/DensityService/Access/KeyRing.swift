internal import Microhttpd
internal import Synchronization

/// The keys that are known, with what each has used of its rate.
final class KeyRing: Sendable {
    let keys: [APIKey]
    let buckets: [TokenBucket]
    private let digests: [KeyDigest]

    /// - Parameter earlier: whose keys' buckets go on under their names.
    init(_ keys: [APIKey], after earlier: KeyRing? = nil) {
        self.keys = keys
        digests = keys.map(\.digest)
        let known = earlier.map { Dictionary(zip($0.keys.map(\.name), $0.buckets)) { first, _ in first } } ?? [:]
        buckets = keys.map { known[$0.name] ?? TokenBucket() }
    }

    /// The place of the key that a client presents.
    func place(of presented: ArraySlice<UInt8>) -> Int? {
        presented.withUnsafeBytes { KeyDigest(of: $0) }.place(in: digests)
    }
}

/// The keys of a file, read again on demand. Loops hold the ring that they saw last and look for another one only where
/// `generation` says that there is one.
final class KeyStore: Sendable {
    let path: String
    let generation = Atomic(0)
    private let current: Mutex<KeyRing>

    /// - Throws: what is wrong with the file at `path`, in one line.
    init(path: String) throws(ServiceError) {
        self.path = path
        current = Mutex(KeyRing(try KeyFile.read(path)))
    }

    var ring: KeyRing { current.withLock { $0 } }

    /// Reads the file again; where that fails the old keys stay.
    ///
    /// - Returns: how many keys it holds now.
    func reload() throws(ServiceError) -> Int {
        let keys = try KeyFile.read(path)
        current.withLock { $0 = KeyRing(keys, after: $0) }
        generation.add(1, ordering: .releasing)
        return keys.count
    }
}
