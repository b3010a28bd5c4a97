internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// The way of a request through libmicrohttpd's callbacks. All of it on the loop's thread.
extension EventLoop {
    func installCallbacks(in settings: UnsafeMutablePointer<mhd_shim_settings>) {
        settings.pointee.log = { context, line in
            guard let line else { return }
            loop(context).noteLog(String(cString: line))
        }
        settings.pointee.notify_connection = { context, connection, slot, event in
            guard let connection, let slot else { return }
            switch event {
            case .CONNECTION_NOTIFY_STARTED: slot.pointee = loop(context).open(connection)
            default: loop(context).closed(&slot.pointee)
            }
        }
        settings.pointee.request_line = { context, uri, connection in
            guard let uri, let connection else { return nil }
            return loop(context).begin(uri, on: connection)
        }
        settings.pointee.handle = { context, _, _, method, version, bytes, count, slot in
            guard let method, let version, let count, let request = slot?.pointee else { return .NO }
            return loop(context).advance(
                Unmanaged<Request>.fromOpaque(request).takeUnretainedValue(), method: method, version: version,
                bytes: bytes, count: count)
        }
        settings.pointee.completed = { context, _, slot, _ in
            guard let slot, let request = slot.pointee else { return }
            slot.pointee = nil
            loop(context).end(Unmanaged<Request>.fromOpaque(request).takeRetainedValue())
        }
    }

    /// Answers 408 where that can still be sent, and takes the connection from a client that was too slow.
    func cutOff(_ connection: Connection) {
        // Not the client is slow but we are.
        if connection.request?.isPaused == true { return watchdog.expect(.body, of: connection, now: now) }
        if let reason = lateness(of: connection) {
            let late = refusal(reason, of: connection.request)
            sendPastDaemon(reply(to: late, for: connection.request), on: connection)
            connection.request?.phase = .replied
        }
        hangUp(connection)
    }

    /// Tells a client that speaks plain HTTP to a port of TLS what it should do. What it has sent is read first: else the
    /// system would take the answer back when the connection is closed.
    func refusePlainText(on connection: Connection) {
        var unread = [UInt8](repeating: 0, count: 1 << 16)
        recv(connection.socket, &unread, unread.count, Int32(MSG_DONTWAIT))
        let bytes = reply(to: Refusal(.malformed("this port speaks TLS: use https://")), for: nil).wireBytes()
        send(connection.socket, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        hangUp(connection)
    }

    /// Ends a connection; libmicrohttpd notices, and closes it.
    func hangUp(_ connection: Connection) { shutdown(connection.socket, Int32(SHUT_RDWR)) }

    private func open(_ handle: OpaquePointer) -> UnsafeMutableRawPointer? {
        guard let address = arriving else { return nil }
        arriving = nil
        let peer = mhd_shim_client_address(handle)
        let connection = Connection(
            handle: handle, tls: tlsIdentity.flatMap { TLSSession(of: handle, identity: $0()) },
            remoteAddress: peer.map { numericHost(of: $0) } ?? "", isLoopback: peer.map { isLoopback($0) } ?? false,
            address: address)
        if connection.tls != nil { handshakes?.begin(connection) }
        watchdog.add(connection, now: now)
        return Unmanaged.passRetained(connection).toOpaque()
    }

    private func closed(_ slot: inout UnsafeMutableRawPointer?) {
        guard let opaque = slot else { return }
        slot = nil
        let connection = Unmanaged<Connection>.fromOpaque(opaque).takeRetainedValue()
        watchdog.remove(connection)
        handshakes?.remove(connection)
        noteClosed(connection.address)
    }

    /// The request line has come.
    private func begin(_ uri: UnsafePointer<CChar>, on handle: OpaquePointer) -> UnsafeMutableRawPointer? {
        guard let client = mhd_shim_socket_context(handle) else { return nil }
        let connection = Unmanaged<Connection>.fromOpaque(client).takeUnretainedValue()
        let target = RequestTarget(bytes: Array(UnsafeRawBufferPointer(start: uri, count: strlen(uri))))
        let request = Request(
            handle: handle, client: connection, target: target, wakeEvent: wakeEvent, budget: pool.budget)
        connection.request = request
        watchdog.expect(.head, of: connection, now: now)
        return Unmanaged.passRetained(request).toOpaque()
    }

    /// The access handler: once when the head is complete, once for every piece of the body, and when all is there,
    /// again and again until there is a reply or the connection is suspended.
    private func advance(
        _ request: Request, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>,
        bytes: UnsafePointer<CChar>?, count: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        switch request.phase {
        case .head: return judge(request, method: method, version: version)
        case .body where request.sink != nil: return stream(bytes, count: count, for: request)
        case .body where count.pointee > 0:
            guard let bytes else { return .NO }
            defer { count.pointee = 0 }
            return collect(bytes, count: count.pointee, for: request)
        case .body: return handOut(request)
        case .refused(let rejection) where count.pointee > 0:
            defer { count.pointee = 0 }
            return drop(count.pointee, of: request, rejection)
        case .refused(let rejection): return answer(request, rejection)
        case .handedOut: return deliver(request, orSuspend: true)
        case .replied: return .NO
        }
    }

    private func judge(
        _ request: Request, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>
    ) -> MHD_Result {
        let isHTTP10 = strcmp(version, "HTTP/1.0") == 0
        let fields = HeaderFields(of: request.handle)
        let knownMethod = Method(method)
        request.noteHead(method: knownMethod, fields: fields)
        noteTarget(of: request)
        let hasBody = fields.isChunked || fields.contentLength ?? 0 > 0
        watchdog.expect(hasBody ? .body : .nothing, of: request.client, now: now)
        let makeSink = hasBody || knownMethod == .post ? handler?.sink(for: RequestHead(request)) : nil
        let objection = guardian.objection(
            method: knownMethod, isHTTP10: isHTTP10, target: request.target, fields: fields,
            isStreamed: makeSink != nil, mayLackBody: { handler?.mayLackBody(RequestHead(request)) ?? false })
        if let objection {
            let rejection = self.rejection(refusal(objection, of: request), for: request)
            request.phase = .refused(rejection)
            return guardian.drains(objection, fields: fields) ? .YES : answer(request, rejection)
        }
        if let reply = handler?.earlyReply(to: RequestHead(request)) {
            let rejection = Rejection(
                reply: reply, closesConnection: false, droppedByteCountMax: RequestGuard.unwantedBytesMax)
            request.phase = .refused(rejection)
            let drains = guardian.drains(fields, bytesMax: RequestGuard.unwantedBytesMax)
            return drains ? .YES : answer(request, rejection)
        }
        request.sink = makeSink?(Exchange(request))
        addTimed(request)
        request.phase = .body
        return .YES
    }

    private func collect(
        _ bytes: UnsafePointer<CChar>, count: Int, for request: Request
    ) -> MHD_Result {
        let body =
            request.body
            ?? BodyBuffer(
                pool: pool, expectedBytes: request.fields.contentLength ?? 2 * count, bytesMax: limits.bodyBytesMax)
        request.body = body
        let byteCount = (body?.count ?? 0) + count
        let reason: Refusal.Reason
        if byteCount > limits.bodyBytesMax {
            // Only a chunked body gets here: any other was measured by its Content-Length.
            reason = .bodyTooLarge(bytesMax: limits.bodyBytesMax, isStreamed: false)
        } else if body?.append(bytes, count: count) == true {
            return .YES
        } else {
            reason = .memoryShort
        }
        let rejection = rejection(refusal(reason, of: request), for: request)
        request.phase = .refused(rejection)
        request.body = nil
        return drop(byteCount, of: request, rejection)
    }

    /// Lets a part of a refused body go by, up to a bound; past it the answer is sent at once.
    func drop(_ count: Int, of request: Request, _ rejection: Rejection) -> MHD_Result {
        request.droppedByteCount += count
        if request.droppedByteCount <= rejection.droppedByteCountMax { return .YES }
        // In the middle of a body libmicrohttpd takes no reply.
        sendPastDaemon(rejection.reply, on: request.client)
        return .NO
    }

    private func handOut(_ request: Request) -> MHD_Result {
        watchdog.expect(.nothing, of: request.client, now: now)
        request.body?.seal()
        request.phase = .handedOut
        if isAborting { return refuse(request, refusal(.stopping, of: request)) }
        hasReceived = true
        handler?.receive(Exchange(request))
        addTimed(request)
        return deliver(request, orSuspend: false)
    }

    /// Queues the reply if there is one. If not, the connection stays as it is for the rest of this turn: libmicrohttpd
    /// asks again in the next one, by when `endOfTurn` has often answered, and a suspension with its three system calls
    /// is saved. Only a request that is still open then is suspended.
    func deliver(_ request: Request, orSuspend: Bool) -> MHD_Result {
        if let outcome = request.takeOutcome() {
            removeSuspended(request)
            switch outcome {
            case .answered(let reply): return queue(reply, for: request, closes: false)
            default: return refuse(request, refusal(isAborting ? .stopping : .unanswered, of: request))
            }
        }
        if isAborting { return refuse(request, refusal(.stopping, of: request)) }
        guard orSuspend else { return .YES }
        if request.suspendIfAwaited() {
            addSuspended(request)
            return .YES
        }
        return deliver(request, orSuspend: false)
    }

    /// A refusal that knows what was asked for, as far as the request got.
    func refusal(_ reason: Refusal.Reason, of request: Request?) -> Refusal {
        if let request, case .head = request.phase, request.path.isEmpty { noteTarget(of: request) }
        return Refusal(reason, path: request?.path, match: request?.match ?? .none)
    }

    private func noteTarget(of request: Request) {
        request.path = request.target.path
        request.match = handler?.match(path: request.path) ?? .none
    }

    func refuse(_ request: Request, _ refusal: Refusal) -> MHD_Result {
        answer(request, rejection(refusal, for: request))
    }

    func rejection(_ refusal: Refusal, for request: Request) -> Rejection {
        Rejection(
            reply: reply(to: refusal, for: request), closesConnection: refusal.closesConnection,
            droppedByteCountMax: guardian.drainedBytesMax)
    }

    private func answer(_ request: Request, _ rejection: Rejection) -> MHD_Result {
        queue(rejection.reply, for: request, closes: rejection.closesConnection)
    }

    func reply(to refusal: Refusal, for request: Request?) -> Reply {
        guard let handler else { return Reply(status: refusal.status) }
        var reply = handler.reply(to: refusal, requestID: request?.requestID)
        // The handler may know better: there may be nothing at all.
        if case .methodNotAllowed(let allowed) = refusal.reason, reply.status == 405,
            !reply.headers.contains(where: { $0.name.utf8.map { $0 | 0x20 } == Array("allow".utf8) })
        {
            reply.addHeader("Allow", allowed)
        }
        return reply
    }

    private func queue(_ reply: Reply, for request: Request, closes: Bool) -> MHD_Result {
        request.phase = .replied
        guard let response = reply.makeResponse() else { return .NO }
        defer { MHD_destroy_response(response) }
        for header in reply.headers { _ = MHD_add_response_header(response, header.name, header.value) }
        if let handler {
            for header in handler.commonHeaders(for: RequestHead(request)) {
                _ = MHD_add_response_header(response, header.name, header.value)
            }
        }
        if closes || isDraining.load(ordering: .relaxed) {
            _ = MHD_add_response_header(response, "Connection", "close")
        }
        return MHD_queue_response(request.handle, UInt32(reply.status), response)
    }

    /// The reply has been sent, or never will be.
    private func end(_ request: Request) {
        if request.close(), request.isInHand { handler?.noteDeparture(RequestHead(request)) }
        request.sink?.end()
        request.sink = nil
        request.budget.forget(request)
        removeSuspended(request)
        removeTimed(request)
        request.client.request = nil
        watchdog.expect(.nextRequest, of: request.client, now: now)
    }

    private func lateness(of connection: Connection) -> Refusal.Reason? {
        switch connection.expectation {
        case .body: .bodyTooSlow(secondsMax: limits.bodySecondsMax)
        case .head: .headTooSlow(secondsMax: limits.headSecondsMax)
        // Who never said a word does not expect an answer.
        case .firstHead:
            connection.hasSpoken ? .headTooSlow(secondsMax: limits.headSecondsMax) : nil
        case .nextRequest, .nothing: nil
        }
    }

    /// Sends a last reply over a connection that libmicrohttpd would not take one for now. Nothing of another reply can
    /// be on its way: the request has not been answered, and replies go out one by one.
    func sendPastDaemon(_ reply: Reply, on connection: Connection) {
        var reply = reply
        if let handler, let request = connection.request {
            reply.headers += handler.commonHeaders(for: RequestHead(request))
        }
        let bytes = reply.wireBytes()
        if let session = connection.tls {
            session.sendLast(bytes)
        } else {
            _ = bytes.withUnsafeBytes {
                send(connection.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
        }
        shutdown(connection.socket, Int32(SHUT_WR))
    }
}

/// The loop that a callback belongs to: its context is never anything else, and the loop outlives its daemon.
private func loop(_ context: UnsafeMutableRawPointer?) -> EventLoop {
    guard let context else { preconditionFailure("a callback without its loop") }
    return Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue()
}
