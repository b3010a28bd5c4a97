internal import CGnuTLS
package import MADE
internal import MADERows

/// The model card as JSON: what `GET /models/{model}` answers.
package enum ModelCardDocument {
    /// That of a model which was read from `file` and `compiled` with such weights, judged by its default statistic.
    ///
    /// - Throws: a line that names the file, where memory is short or GnuTLS gives no SHA-256 here.
    package static func json(
        of file: CheckpointFile, compiled model: CompiledModel, weights: WeightFormat, verdict: AutoregressiveVerdict
    ) throws -> [UInt8] {
        guard let schema = RowSchema(model.card) else { throw ServiceError("\(file.path): memory is short") }
        return json(
            card: model.card, schema: schema, weights: weights, verdict: verdict, digest: try sha256(of: file),
            statistic: model.card.calibration?.statistic() ?? .likelihood)
    }

    /// SHA-256 of a file, hexadecimal.
    static func sha256(of file: CheckpointFile) throws(ServiceError) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let status = file.withBytes { gnutls_hash_fast(GNUTLS_DIG_SHA256, $0.baseAddress, $0.count, &digest) }
        guard status == 0 else { throw ServiceError("\(file.path): GnuTLS gives no SHA-256 here") }
        return hexadecimal(digest)
    }

    static func json(
        card: ModelCard, schema: RowSchema, weights: WeightFormat, verdict: AutoregressiveVerdict, digest: String,
        statistic: RowStatistic
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 1024 + 64 * card.variables.count)
        json.beginObject()
        json.member("name", card.name)
        json.member("version", card.version)
        json.key("variables")
        json.beginArray()
        for column in schema.columns {
            if let clock = column.clock {
                json.member(clock, of: column.name, card.variables[column.variables])
            } else {
                json.member(card.variables[column.variables.lowerBound])
            }
        }
        json.endArray()
        if let schema = card.schema { json.member("table", schema) }
        json.key("orderings")
        json.beginArray()
        for ordering in card.orderings { json.member(strings: ordering.variables.lazy.map { card.variables[$0].name }) }
        json.endArray()
        json.key("layers")
        json.beginArray()
        let units = UnitLayout(card.variables)
        for width in [units.inputUnitCount] + card.hiddenWidths + [units.outputUnitCount] { json.integer(width) }
        json.endArray()
        json.member("activation", card.activation.rawValue)
        json.member("direct_connections", card.hasDirectConnections)
        json.member("networks", card.networkCount)
        json.member("members", card.orderings.count)
        json.member("parameters", card.parameterCount)
        json.member("weights", weights.rawValue)
        if let width = card.imageWidth { json.member("image_width", width) }
        if let training = card.training { json.member("training", training) }
        if let calibration = card.calibration { json.member(calibration, statistic, card.variables) }
        json.key("autoregressive")
        json.beginObject()
        json.member("verified", true)
        json.member("members", verdict.memberCount)
        json.member("independent_pairs", verdict.independentPairCount)
        json.member("probes", verdict.probeCount)
        json.endObject()
        json.member("sha256", digest)
        json.endObject()
        return json.bytes
    }
}

extension JSONWriter {
    /// An array of strings as an element.
    fileprivate mutating func member(strings: some Sequence<String>) {
        beginArray()
        for value in strings { string(value) }
        endArray()
    }

    /// A column of dates as an element, with its parts.
    fileprivate mutating func member(_ clock: Clock, of name: String, _ variables: ArraySlice<Variable>) {
        beginObject()
        member("name", name)
        member("type", "date")
        member("form", clock.form)
        if let since = clock.since { member("since", since) }
        key("training_range")
        beginArray()
        for end in [clock.first, clock.last] {
            if clock.isNumeric { raw(clock.text(end)) } else { string(clock.text(end)) }
        }
        endArray()
        key("parts")
        beginArray()
        for (part, variable) in zip(clock.parts, variables) { member(variable, part: part) }
        endArray()
        if variables.contains(where: \.hasMissing) { member("missing", true) }
        endObject()
    }

    /// A variable as an element: its type, and what it was in training.
    fileprivate mutating func member(_ variable: Variable, part: Clock.Part? = nil) {
        beginObject()
        if let part { member("part", part.rawValue) }
        member("name", variable.name)
        member("type", variable.kind.typeName)
        switch variable.kind {
        case .binary: break
        case .categorical(let categories):
            member("categories", strings: categories.labels)
            if let other = categories.otherIndex { member("other", categories.labels[other]) }
            if !categories.rareLabels.isEmpty { member("rare_categories", strings: categories.rareLabels) }
        case .real(let encoding):
            if let minimum = encoding.minimum, let maximum = encoding.maximum {
                key("training_range")
                beginArray()
                decimal(minimum)
                decimal(maximum)
                endArray()
            }
            if let step = encoding.step {
                key("step")
                decimal(step)
            }
            member("centre", encoding.centre)
            member("scale", encoding.unit)
            if let width = encoding.linearWidth { member("linear_width", width) }
            member("components", encoding.componentCount)
            for (name, numbers) in [("atoms", encoding.atoms), ("support", encoding.support)] where !numbers.isEmpty {
                key(name)
                beginArray()
                for number in numbers { decimal(number) }
                endArray()
            }
        }
        if variable.hasMissing { member("missing", true) }
        endObject()
    }

    /// The groups that have calibrations of their own, with their rows.
    private mutating func member(_ calibration: Calibration, _ groups: GroupCalibration, of variables: [Variable]) {
        key("groups")
        beginObject()
        member("column", variables[groups.variable].name)
        key("own")
        beginArray()
        for index in groups.names.indices where groups.isOwn(index) {
            beginObject()
            member("group", groups.names[index])
            member("rows", groups.rowCounts[index])
            endObject()
        }
        endArray()
        member("rest_rows", calibration.rowCount(of: nil))
        endObject()
    }

    /// The table's columns: what was left out and why, and how cells are written.
    fileprivate mutating func member(_ name: String, _ schema: Schema) {
        key(name)
        beginObject()
        member("header", schema.hasHeader)
        key("columns")
        beginArray()
        for column in schema.columns {
            beginObject()
            member("name", column.name)
            if let reason = column.leftOut { member("left_out", reason.rawValue) }
            if !column.missingTexts.isEmpty { member("missing", strings: column.missingTexts) }
            members(of: column.numberForm)
            if let texts = column.truthTexts { member("texts", strings: texts) }
            if column.missingRowCount > 0 { member("missing_rows", column.missingRowCount) }
            endObject()
        }
        endArray()
        endObject()
    }

    fileprivate mutating func member(_ name: String, _ training: TrainingSummary) {
        key(name)
        beginObject()
        member("train_rows", training.trainRows)
        member("validation_rows", training.validationRows)
        member("calibration_rows", training.calibrationRows)
        member("epochs", training.epochs)
        member("train_nats", training.trainNats)
        member("validation_nats", training.validationNats)
        if let test = training.testNats { member("test_nats", test) }
        member("seed", training.seed)
        endObject()
    }

    fileprivate mutating func member(
        _ calibration: Calibration, _ statistic: RowStatistic, _ variables: [Variable]
    ) {
        let sorted = calibration.logLikelihoods
        key("calibration")
        beginObject()
        member("rows", sorted.count)
        member("smallest_p_value", calibration.smallestPValue)
        member("statistics", strings: calibration.statistics.map(\.rawValue))
        member("statistic", statistic.rawValue)
        if let groups = calibration.groups { member(calibration, groups, of: variables) }
        if let gains = calibration.gains { member("cell_rows", gains.rowCount) }
        key("log_likelihood_quantiles")
        beginObject()
        for (label, share) in [
            ("0.01", 0.01), ("0.05", 0.05), ("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75), ("0.95", 0.95),
        ] {
            // The smallest value that at least this share of the rows does not exceed.
            let rank = min(max(Int((share * Double(sorted.count)).rounded(.up)), 1), sorted.count)
            member(label, sorted[rank - 1])
        }
        endObject()
        endObject()
    }
}
