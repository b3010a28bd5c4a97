internal import CMicrohttpdShim
internal import Glibc

/// The connections of a loop whose TLS handshake is under way; on its thread only.
///
/// libmicrohttpd 0.9.75 does not notice that a handshake waits for its client: until that goes on, which may be never,
/// the daemon would turn without a pause. So a connection is suspended whenever its handshake has read all there is, and
/// its socket is watched here.
final class Handshakes {
    private let epoll = mhd_shim_epoll()
    /// Called for a client that speaks plain HTTP.
    var onPlainText: (Connection) -> Void = { _ in }
    /// Those that libmicrohttpd is working on.
    private var running: [Connection] = []
    /// Those that are suspended, by their sockets.
    private var waiting: [Int32: Connection] = [:]

    deinit { close(epoll) }

    /// Ends the daemon's wait when a client goes on; false on failure.
    func watch(from daemon: OpaquePointer) -> Bool { epoll >= 0 && mhd_shim_watch(daemon, epoll) == 0 }

    func begin(_ connection: Connection) { running.append(connection) }

    func remove(_ connection: Connection) { running.removeAll { $0 === connection } }

    /// Suspends those that wait, and lets those go on whose clients have. To be called after every turn of the daemon, and
    /// when connections have begun: before it reads their first bytes.
    func settle() {
        if !running.isEmpty { suspendIdle() }
        if !waiting.isEmpty { resumeArrived() }
    }

    /// Lets all go on: a daemon must not be stopped while a connection is suspended.
    func resumeAll() {
        for connection in waiting.values { resume(connection) }
        waiting = [:]
    }

    private func suspendIdle() {
        running.removeAll { connection in
            guard let session = connection.tls else { return true }
            session.noteProgress()
            if session.isEstablished {
                connection.introductionByteCount = mhd_shim_received_bytes(connection.socket)
                return true
            }
            // Counted first: bytes that come after the look would go on to the handshake unseen.
            let hasReadAll = mhd_shim_unread_bytes(connection.socket) == 0
            hear(connection)
            guard hasReadAll || session.waitsToWrite else { return false }
            let context = Unmanaged.passUnretained(connection).toOpaque()
            guard mhd_shim_await(epoll, connection.socket, session.waitsToWrite, context) == 0 else { return false }
            MHD_suspend_connection(connection.handle)
            waiting[connection.socket] = connection
            return true
        }
    }

    private func resumeArrived() {
        var contexts = [UnsafeMutableRawPointer?](repeating: nil, count: 64)
        while true {
            let count = Int(mhd_shim_arrived(epoll, &contexts, Int32(contexts.count)))
            for context in contexts.prefix(max(0, count)) {
                guard let context else { continue }
                let connection = Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue()
                waiting[connection.socket] = nil
                hear(connection)
                resume(connection)
                running.append(connection)
            }
            if count < contexts.count { return }
        }
    }

    /// Looks at the first byte that a client sends. No record of TLS starts with a letter, but every method of HTTP does.
    private func hear(_ connection: Connection) {
        guard !connection.isFirstByteChecked, case let byte = mhd_shim_peek(connection.socket), byte >= 0 else {
            return
        }
        connection.isFirstByteChecked = true
        if (Int32(UInt8(ascii: "A"))...Int32(UInt8(ascii: "Z"))).contains(byte) { onPlainText(connection) }
    }

    private func resume(_ connection: Connection) {
        mhd_shim_forget(epoll, connection.socket)
        MHD_resume_connection(connection.handle)
    }
}
