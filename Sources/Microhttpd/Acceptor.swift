internal import Glibc
internal import Synchronization

/// How many connections there may be, and an event for the moment when there is room again.
final class ConnectionLimit: Sendable {
    let connectionCountMax: Int
    let wakeEvent = WakeEvent()
    private let connectionCount = Atomic(0)
    private let isFull = Atomic(false)

    init(connectionCountMax: Int) { self.connectionCountMax = max(1, connectionCountMax) }

    func noteAccepted() { connectionCount.add(1, ordering: .sequentiallyConsistent) }

    func noteClosed() {
        connectionCount.subtract(1, ordering: .sequentiallyConsistent)
        if isFull.load(ordering: .sequentiallyConsistent) { wakeEvent.signal() }
    }

    /// If not, the event is signalled when that changes. For the acceptor's thread.
    func hasSpace() -> Bool {
        // Full is said before it is looked at: a connection that closes in between then signals.
        isFull.store(true, ordering: .sequentiallyConsistent)
        let hasSpace = connectionCount.load(ordering: .sequentiallyConsistent) < connectionCountMax
        if hasSpace { isFull.store(false, ordering: .sequentiallyConsistent) }
        return hasSpace
    }
}

/// Accepts connections and gives each to the loop that has the fewest, on a thread of its own. Loops that accept for
/// themselves do not share: whichever wakes first takes a whole burst, and sixteen connections end on one loop of two.
final class Acceptor: Sendable {
    private let listener: Listener
    private let loops: [EventLoop]
    private let connectionLimit: ConnectionLimit
    private let addresses: AddressTable
    private let isEnding = Atomic(false)
    /// After so long without a new connection no handshake is taken to be under way.
    private let handshakeMilliseconds: Int32

    /// - Parameter restSecondsMax: how long a stop waits for what a client may be about to do.
    init(
        listener: Listener, loops: [EventLoop], connectionLimit: ConnectionLimit, addresses: AddressTable,
        restSecondsMax: Double
    ) {
        handshakeMilliseconds = Int32(min(100, 1000 * restSecondsMax))
        self.listener = listener
        self.loops = loops
        self.connectionLimit = connectionLimit
        self.addresses = addresses
    }

    /// Accepts until told to finish.
    func run() {
        while !isEnding.load(ordering: .acquiring) {
            if connectionLimit.hasSpace() {
                switch listener.accept() {
                case .socket(let socket): deliver(socket)
                case .nobody: sleep(withListener: true, milliseconds: -1)
                // Only a connection that closes can help, here or in another process.
                case .exhausted: sleep(withListener: false, milliseconds: 50)
                }
            } else {
                sleep(withListener: false, milliseconds: -1)
            }
        }
        listener.closeBacklog()
        acceptBacklog()
        listener.close()
    }

    /// Takes the connections that the system has taken for us already: their clients count on an answer. So do those whose
    /// handshakes are under way, which nobody can see but by waiting for them.
    private func acceptBacklog() {
        while true {
            switch listener.accept() {
            case .socket(let socket): deliver(socket)
            case .nobody: if !sleep(withListener: true, milliseconds: handshakeMilliseconds) { return }
            case .exhausted: return
            }
        }
    }

    /// Lets `run` take in the backlog, close the port and end. Any thread.
    func finish() {
        isEnding.store(true, ordering: .releasing)
        connectionLimit.wakeEvent.signal()
    }

    private func deliver(_ socket: Int32) {
        guard let loop = loops.min(by: { load(of: $0) < load(of: $1) }) else { return }
        var address = sockaddr_storage()
        guard let client = withPeer(of: socket, &address, { peer, _ in addresses.enter(peer, now: monotonicNow()) })
        else {
            close(socket)
            return
        }
        connectionLimit.noteAccepted()
        loop.connectionCount.add(1, ordering: .sequentiallyConsistent)
        loop.post(.adopt(socket, client))
    }

    private func load(of loop: EventLoop) -> Int { loop.connectionCount.load(ordering: .relaxed) }

    /// Whether there was something to wake up for before the time was over.
    @discardableResult
    private func sleep(withListener: Bool, milliseconds: Int32) -> Bool {
        var descriptors = (
            pollfd(fd: connectionLimit.wakeEvent.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
        )
        let count = withUnsafeMutablePointer(to: &descriptors) {
            $0.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, withListener ? 2 : 1, milliseconds) }
        }
        connectionLimit.wakeEvent.clear()
        return count > 0
    }
}
