internal import Dispatch
internal import Glibc
internal import MADE
internal import Microhttpd
internal import Synchronization

/// Asks disks for folders and files of models. A disk may never answer, as a network file system does whose server is gone:
/// each question has a thread of its own and a time, and what does not answer is not asked again until it has.
///
/// Answers come on `queue`.
final class ModelReader: Sendable {
    /// What became of a question.
    enum Answer<Value: Sendable>: Sendable {
        case value(Value)
        /// Why there is none.
        case nothing(String)
    }

    /// How models are read; others only in tests.
    struct Source: Sendable {
        var files: @Sendable (_ folder: String) throws(ServiceError) -> [ModelFile] = ModelFile.all
        var checkpoint: @Sendable (_ path: String) throws(CheckpointError) -> CheckpointFile = CheckpointFile.init
    }

    let source: Source
    private let queue: DispatchQueue
    private let secondsMax: Double
    /// After so long a reading is slow, and others need not wait for it; 0: from the start.
    private let slowSeconds: Double
    /// Places that have been asked and are slow to answer.
    private let slowPlaces = Mutex<Set<String>>([])

    init(queue: DispatchQueue, secondsMax: Double, slowSeconds: Double = 1, source: Source = Source()) {
        self.queue = queue
        self.secondsMax = secondsMax
        self.slowSeconds = slowSeconds
        self.source = source
    }

    /// One question that is under way. On the queue.
    private final class Question<Value: Sendable>: @unchecked Sendable {
        var onSlow: (@Sendable () -> Void)?
        var onAnswer: (@Sendable (Answer<Value>) -> Void)?

        init(_ onSlow: @escaping @Sendable () -> Void, _ onAnswer: @escaping @Sendable (Answer<Value>) -> Void) {
            self.onSlow = onSlow
            self.onAnswer = onAnswer
        }

        func noteSlow() {
            onSlow?()
            onSlow = nil
        }

        func answer(_ answer: Answer<Value>) {
            onSlow = nil
            onAnswer?(answer)
            onAnswer = nil
        }
    }

    /// Asks `place` for something, on a thread of its own. On the queue.
    ///
    /// - Parameters:
    ///   - onSlow: called where the answer is slow to come; not after `then`.
    ///   - then: called once, at the latest when the time is over.
    func ask<Value: Sendable>(
        _ place: String, _ work: @escaping @Sendable () -> Value, onSlow: @escaping @Sendable () -> Void = {},
        then: @escaping @Sendable (Answer<Value>) -> Void
    ) {
        dispatchPrecondition(condition: .onQueue(queue))
        if slowPlaces.withLock({ $0.contains(place) }) {
            return then(.nothing("it has been asked before, and its disk has not answered yet"))
        }
        let question = Question(onSlow, then)
        detach {
            let value = work()
            self.queue.asyncAnywhere {
                self.slowPlaces.withLock { _ = $0.remove(place) }
                question.answer(.value(value))
            }
        }
        let noteSlow: @Sendable () -> Void = {
            guard question.onAnswer != nil else { return }
            self.slowPlaces.withLock { _ = $0.insert(place) }
            question.noteSlow()
        }
        if slowSeconds > 0 { after(slowSeconds, noteSlow) } else { noteSlow() }
        after(secondsMax) { question.answer(.nothing(self.lateness)) }
    }

    /// The same for a thread that has to wait; not the queue's.
    func wait<Value: Sendable>(for place: String, _ work: @escaping @Sendable () -> Value) -> Answer<Value> {
        let isAnswered = DispatchSemaphore(value: 0)
        let found = Mutex(Answer<Value>.nothing(lateness))
        queue.asyncAnywhere {
            self.ask(place, work) { answer in
                found.withLock { $0 = answer }
                isAnswered.signal()
            }
        }
        isAnswered.wait()
        return found.withLock { $0 }
    }

    private var lateness: String {
        "its disk did not answer within \(Setting.plain(secondsMax)) s (model-read-seconds-max)"
    }

    private func after(_ seconds: Double, _ work: @escaping @Sendable () -> Void) {
        queue.asyncAnywhere(after: .nanoseconds(Int(seconds * 1e9)), work)
    }
}

/// Runs `work` on a thread that nobody waits for. Not one of Dispatch's, which are few: one that is stuck would be missed.
private func detach(_ work: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    let box = Unmanaged.passRetained(Box(work))
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { box in
            if let box { Unmanaged<Box>.fromOpaque(box).takeRetainedValue().work() }
            return nil
        }, box.toOpaque())
    if status == 0 {
        pthread_detach(thread)
    } else {
        // Without a thread the caller's has to do.
        box.takeRetainedValue().work()
    }
}
