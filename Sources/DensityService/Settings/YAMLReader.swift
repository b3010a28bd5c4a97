internal import CYAML

/// A node of a YAML document.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        /// Without quotes and tag it may stand for a number or for nothing; else it is a text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content
    /// Where it begins or, by an alias, is repeated; from 1.
    let line: Int
    /// Bytes of its texts, with what aliases repeat; at least 1.
    let byteCount: Int

    /// The text of a scalar.
    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// Whether it is nothing: empty or YAML's word for it.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// What is wrong with a YAML document, and where; counted from 1.
struct YAMLError: Error {
    let line: Int
    /// In characters.
    let column: Int
    let what: String
}

/// Reads the document of a YAML text from libyaml's events.
struct YAMLReader {
    /// Deeper than any file that a person writes, and far from the end of the stack.
    private static let depthMax = 100

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeBufferPointer<UInt8>
    private let repeatedBytesMax: Int
    private var anchors: [String: YAMLNode] = [:]
    /// By aliases.
    private var repeatedBytes = 0

    /// The document of `text`; nil where there is none.
    ///
    /// - Throws: `YAMLError` where it is no YAML, has a second document, is nested more than 100 deep, or where its
    ///   aliases repeat more than `repeatedBytesMax` bytes of text.
    static func document(of text: String, repeatedBytesMax: Int) throws(YAMLError) -> YAMLNode? {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw YAMLError(line: 1, column: 1, what: "out of memory") }
        defer { yaml_parser_delete(parser) }
        var text = text
        // withUTF8 would lose the type of the error.
        let result = text.withUTF8 { input in
            guard let start = input.baseAddress else { return Result<YAMLNode?, YAMLError>.success(nil) }
            // The encoding is left to libyaml, which then knows a byte order mark for one.
            yaml_parser_set_input_string(parser, start, input.count)
            var reader = YAMLReader(parser: parser, input: input, repeatedBytesMax: repeatedBytesMax)
            return Result { () throws(YAMLError) in try reader.document() }
        }
        return try result.get()
    }

    private init(
        parser: UnsafeMutablePointer<yaml_parser_t>, input: UnsafeBufferPointer<UInt8>, repeatedBytesMax: Int
    ) {
        self.parser = parser
        self.input = input
        self.repeatedBytesMax = repeatedBytesMax
    }

    private mutating func document() throws(YAMLError) -> YAMLNode? {
        _ = try next()  // The start of the stream.
        guard try next().kind == YAML_DOCUMENT_START_EVENT else { return nil }
        let root = try node(from: next(), depth: 1)
        _ = try next()  // The end of the document.
        let end = try next()
        guard end.kind == YAML_STREAM_END_EVENT else { throw error("a second document begins", at: end.mark) }
        return root
    }

    private mutating func node(from event: Event, depth: Int) throws(YAMLError) -> YAMLNode {
        guard depth <= Self.depthMax else { throw error("nested more than \(Self.depthMax) deep", at: event.mark) }
        let content: YAMLNode.Content
        var bytes = 0
        switch event.kind {
        case YAML_ALIAS_EVENT:
            let name = event.anchor ?? ""
            guard let node = anchors[name] else { throw error("*\(name) has no &\(name) before it", at: event.mark) }
            repeatedBytes += node.byteCount
            guard repeatedBytes <= repeatedBytesMax else {
                throw error("aliases repeat more than \(repeatedBytesMax) bytes", at: event.mark)
            }
            return YAMLNode(content: node.content, line: event.line, byteCount: node.byteCount)
        case YAML_SEQUENCE_START_EVENT:
            var nodes: [YAMLNode] = []
            while let next = try next(before: YAML_SEQUENCE_END_EVENT) {
                nodes.append(try node(from: next, depth: depth + 1))
                bytes += nodes[nodes.count - 1].byteCount
            }
            content = .sequence(nodes)
        case YAML_MAPPING_START_EVENT:
            var pairs: [(key: YAMLNode, value: YAMLNode)] = []
            while let next = try next(before: YAML_MAPPING_END_EVENT) {
                let key = try node(from: next, depth: depth + 1)
                let value = try node(from: self.next(), depth: depth + 1)
                pairs.append((key, value))
                bytes += key.byteCount + value.byteCount
            }
            content = .mapping(pairs)
        default:
            bytes = event.text.utf8.count
            content = .scalar(event.text, isPlain: event.isPlain)
        }
        let node = YAMLNode(content: content, line: event.line, byteCount: max(bytes, 1))
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private struct Event {
        let kind: yaml_event_type_t
        let mark: yaml_mark_t
        /// The anchor that a node has, or that an alias repeats.
        var anchor: String?
        var text = ""
        var isPlain = false

        var line: Int { Int(mark.line) + 1 }
    }

    private func next(before end: yaml_event_type_t) throws(YAMLError) -> Event? {
        let event = try next()
        return event.kind == end ? nil : event
    }

    private func next() throws(YAMLError) -> Event {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw failure }
        defer { yaml_event_delete(&raw) }
        var event = Event(kind: raw.type, mark: raw.start_mark)
        switch raw.type {
        case YAML_ALIAS_EVENT: event.anchor = Self.string(raw.data.alias.anchor)
        case YAML_SEQUENCE_START_EVENT: event.anchor = Self.string(raw.data.sequence_start.anchor)
        case YAML_MAPPING_START_EVENT: event.anchor = Self.string(raw.data.mapping_start.anchor)
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            event.anchor = Self.string(scalar.anchor)
            event.text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            event.isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && Self.string(scalar.tag) != YAML_STR_TAG
        default: break
        }
        return event
    }

    private static func string(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        characters.map { String(cString: $0) }
    }

    private func error(_ what: String, at mark: yaml_mark_t) -> YAMLError {
        YAMLError(line: Int(mark.line) + 1, column: Int(mark.column) + 1, what: what)
    }

    /// What libyaml has to say of its input.
    private var failure: YAMLError {
        let state = parser.pointee
        guard let problem = state.problem.map({ String(cString: $0) }) else {
            return error("out of memory", at: state.mark)
        }
        if state.error == YAML_READER_ERROR {
            let before = input.prefix(state.problem_offset)
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let characters = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            return YAMLError(line: line, column: characters + 1, what: "not YAML: \(problem)")
        }
        guard let context = state.context.map({ String(cString: $0) }) else {
            return error("not YAML: \(problem)", at: state.problem_mark)
        }
        let start = state.context_mark.line
        let place = start == state.problem_mark.line ? "" : " from line \(start + 1)"
        return error("not YAML: \(problem) \(context)\(place)", at: state.problem_mark)
    }
}
