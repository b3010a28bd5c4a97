internal import FoundationEssentials

/// Reads the product's own layout; trusts no size, index or number that the file states.
struct CheckpointReader {
    let file: SafetensorsFile

    func model() throws(CheckpointError) -> DensityModel {
        let document = try document()
        let variables = try variables(document)
        let layout = UnitLayout(variables)
        let networks = try networks(layout: layout)
        let members = try members(variableCount: variables.count, networks: networks)
        let model = DensityModel(
            name: document.name, version: document.version, variables: variables, activation: document.activation,
            isResidual: document.residual ?? false, networks: networks, members: members,
            calibration: try calibration(variables, document), training: document.training,
            imageWidth: document.image_width, schema: try schema(document, variables))
        try checkResiduals(of: model)
        try checkNames(networks: networks, hidden: members[0].hiddenDegrees.count)
        try checkHiddenWeights(of: model)
        return model
    }

    private var isOfFirstVersion: Bool { file.metadata["format_version"] == Checkpoint.firstFormatVersion }

    func fail(_ problem: CheckpointError.Problem) -> CheckpointError {
        CheckpointError(file.path, problem)
    }

    private func document() throws(CheckpointError) -> ModelDocument {
        guard let text = file.metadata["model"] else { throw fail(.badDescription("the metadata has no 'model'")) }
        let document: ModelDocument
        do {
            document = try JSONDecoder().decode(ModelDocument.self, from: Data(text.utf8))
        } catch DecodingError.keyNotFound(let key, let context) {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw fail(.badDescription("'\(key.stringValue)' is missing\(place.isEmpty ? "" : " in \(place)")"))
        } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context),
            DecodingError.valueNotFound(_, let context)
        {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw fail(.badDescription("\(place.isEmpty ? "it" : place) is not of the form that the format asks for"))
        } catch {
            throw fail(.badDescription("it is not the JSON object that the format asks for"))
        }
        guard !document.name.isEmpty, document.name.utf8.count <= 256 else {
            throw fail(.badDescription("the name must have 1 to 256 bytes"))
        }
        if let width = document.image_width, width < 1 || width > document.variables.count {
            throw fail(.badDescription("image_width is \(width); it must lie in 1…\(document.variables.count)"))
        }
        return document
    }

    private func variables(_ document: ModelDocument) throws(CheckpointError) -> [Variable] {
        let count = document.variables.count
        guard (1...Checkpoint.variableCountMax).contains(count) else {
            throw fail(.badDescription("\(count) variables; there must be 1 to \(Checkpoint.variableCountMax)"))
        }
        var seen: Set<String> = []
        var variables: [Variable] = []
        for entry in document.variables {
            guard seen.insert(entry.name).inserted else {
                throw fail(.badDescription("two variables are named \(entry.name.quoted)"))
            }
            do {
                variables.append(try entry.variable(isOfFirstVersion: isOfFirstVersion))
            } catch {
                throw fail(.badDescription("variable \(entry.name.quoted): \(error.reason)"))
            }
        }
        let layout = UnitLayout(variables)
        for (units, count) in [("input", layout.inputUnitCount), ("output", layout.outputUnitCount)]
        where count > Checkpoint.unitCountMax {
            throw fail(.tooLarge("its variables have \(count) \(units) units; the limit is \(Checkpoint.unitCountMax)"))
        }
        return variables
    }

    /// Every variable must be one column of the table, or a part of one, in the table's order.
    private func schema(_ document: ModelDocument, _ variables: [Variable]) throws(CheckpointError) -> Schema? {
        guard let schema = document.schema else { return nil }
        guard schema.variableNames == variables.map(\.name) else {
            throw fail(.badDescription("the columns that the schema keeps are not the variables"))
        }
        let kept = schema.columns.filter { $0.leftOut == nil }
        for (column, range) in zip(kept, schema.variableRanges) {
            if let clock = column.clock { try check(clock, of: column.name, variables[range], kept) }
        }
        guard schema.columns.count <= Checkpoint.columnCountMax else {
            throw fail(.badDescription("more than \(Checkpoint.columnCountMax) columns"))
        }
        func isTwo(_ texts: [String]) -> Bool { texts.count == 2 && texts[0] != texts[1] }
        if let column = schema.columns.first(where: { $0.truthTexts.map(isTwo) == false }) {
            throw fail(.badDescription("column \(column.name.quoted): 'texts' must be two different ones"))
        }
        if let column = schema.columns.first(where: { $0.missingRowCount < 0 }) {
            throw fail(.badDescription("column \(column.name.quoted): 'missing_rows' must not be negative"))
        }
        return schema
    }

    /// Parts of a clock must be variables of their types, and times told from another clock.
    private func check(
        _ clock: Clock, of name: String, _ variables: ArraySlice<Variable>, _ kept: [Schema.Column]
    ) throws(CheckpointError) {
        func objection(_ text: String) -> CheckpointError {
            fail(.badDescription("column \(name.quoted): \(text)"))
        }
        guard !clock.parts.isEmpty, Set(clock.parts).count == clock.parts.count else {
            throw objection("'parts' must be one or more, all different")
        }
        for (part, variable) in zip(clock.parts, variables) {
            switch variable.kind {
            case .categorical(let categories) where categories.labels.count == part.labels.count: break
            case .real where part.labels.isEmpty: break
            default: throw objection("\(part.rawValue.quoted) is not of the type of its variable")
            }
        }
        guard clock.isForm else { throw objection("\(clock.form.quoted) is not a form of dates") }
        let ends = -62_135_596_800.0...253_402_300_799
        guard ends.contains(clock.first), ends.contains(clock.last), clock.first <= clock.last,
            (0..<Clock.daySeconds).contains(clock.dayStart)
        else { throw objection("its times are not those of the years 1 to 9999") }
        let since = clock.since.flatMap { since in kept.first { $0.name == since } }
        let isTold = since?.clock.map { $0.since == nil } ?? false
        guard clock.parts.contains(.elapsed) == (clock.since != nil), clock.since == nil || isTold else {
            throw objection("'since' must name another column of dates")
        }
    }

    private func networks(layout: UnitLayout) throws(CheckpointError) -> [MaskedNetwork] {
        var networks: [MaskedNetwork] = []
        while file.entries["networks.\(networks.count).layers.0.weight"] != nil {
            let prefix = "networks.\(networks.count)"
            var layers: [MaskedNetwork.Layer] = []
            var inputs = layout.inputUnitCount
            while file.entries["\(prefix).layers.\(layers.count).weight"] != nil {
                let name = "\(prefix).layers.\(layers.count)"
                let weight = try matrix("\(name).weight", columns: inputs)
                layers.append(.init(weight: weight, bias: try vector("\(name).bias", count: weight.rows)))
                inputs = weight.rows
            }
            guard inputs == layout.outputUnitCount else {
                throw fail(
                    .badShape(
                        tensor: "\(prefix).layers.\(layers.count - 1).weight", shape: [inputs],
                        expected: "[\(layout.outputUnitCount), …] for the variables' output units"))
            }
            var direct: Matrix?
            if file.entries["\(prefix).direct.weight"] != nil {
                direct = try matrix(
                    "\(prefix).direct.weight", rows: layout.outputUnitCount, columns: layout.inputUnitCount)
            }
            networks.append(MaskedNetwork(layers: layers, direct: direct))
        }
        guard !networks.isEmpty else { throw fail(.missingTensor("networks.0.layers.0.weight")) }
        return networks
    }

    private func members(variableCount: Int, networks: [MaskedNetwork]) throws(CheckpointError) -> [Member] {
        let networkOf = try file.elements("members.network", dtype: "I32", as: Int32.self)
        guard (1...Checkpoint.memberCountMax).contains(networkOf.count) else {
            throw fail(.badMembers("\(networkOf.count) members; there must be 1 to \(Checkpoint.memberCountMax)"))
        }
        let compiledBytes = networkOf.reduce(0) { bytes, network in
            bytes + (networks.indices.contains(Int(network)) ? PackedLayer.bytesMax(networks[Int(network)]) : 0)
        }
        guard compiledBytes <= Checkpoint.compiledBytesMax else {
            throw fail(
                .tooLarge("its members need \(compiledBytes) bytes; the limit is \(Checkpoint.compiledBytesMax)"))
        }
        let orderings = try indices("members.ordering", shape: [networkOf.count, variableCount])
        let widths = networks[0].hiddenWidths
        var degrees: [[[Int]]] = []
        for (layer, width) in widths.enumerated() {
            degrees.append(try indices("members.degrees.\(layer)", shape: [networkOf.count, width]))
        }
        var members: [Member] = []
        for (index, network) in networkOf.enumerated() {
            guard networks.indices.contains(Int(network)) else {
                throw fail(.badMembers("member \(index) uses network \(network) of \(networks.count)"))
            }
            guard networks[Int(network)].hiddenWidths == widths else {
                throw fail(.badMembers("network \(network) has hidden layers of other widths than network 0"))
            }
            guard let ordering = Ordering(variables: orderings[index]) else {
                throw fail(.badMembers("the ordering of member \(index) is not a permutation of the variables"))
            }
            let hidden = degrees.map { $0[index] }
            guard hidden.joined().allSatisfy({ (0..<variableCount).contains($0) }) else {
                throw fail(.badMembers("a hidden degree of member \(index) lies outside 0…\(variableCount - 1)"))
            }
            members.append(Member(network: Int(network), ordering: ordering, hiddenDegrees: hidden))
        }
        return members
    }

    private func calibration(
        _ variables: [Variable], _ document: ModelDocument
    ) throws(CheckpointError) -> Calibration? {
        let variableCount = variables.count
        let name = "calibration.log_likelihood"
        guard file.entries[name] != nil || document.groups != nil else { return nil }
        let values = try finiteDoubles(name)
        let surprisals = try surprisals(variableCount: variableCount)
        if values.isEmpty { return nil }
        let cells = try cellCalibration(variableCount: variableCount, rowCount: values.count)
        return Calibration(
            logLikelihoods: values, surprisals: surprisals, cells: cells,
            gains: try gains(variableCount: variableCount), rows: try rows(variableCount: variableCount),
            groups: try groups(
                variables, document, statisticCount: cells == nil ? 1 : 3, rowCount: values.count),
            variables: variables)
    }

    /// Nil of a file without groups.
    private func groups(
        _ variables: [Variable], _ document: ModelDocument, statisticCount: Int, rowCount: Int
    ) throws(CheckpointError) -> GroupCalibration? {
        let tensor = "calibration.group"
        guard let name = document.groups else {
            guard file.entries[tensor] == nil else {
                throw fail(.badDescription("'groups' is missing; it must name the variable of \(tensor)"))
            }
            return nil
        }
        guard let variable = variables.firstIndex(where: { $0.name == name }),
            let names = GroupCalibration.names(of: variables[variable], document.schema)
        else {
            throw fail(
                .badDescription("'groups' is \(name.quoted); it must be the name of a binary or categorical variable"))
        }
        let shape = try file.entry(tensor).shape
        guard shape == [statisticCount, rowCount] else {
            throw fail(.badShape(tensor: tensor, shape: shape, expected: "[\(statisticCount), \(rowCount)]"))
        }
        let all = try file.elements(tensor, dtype: "I32", as: Int32.self)
        let range = -1..<Int32(names.count)
        if let index = all.firstIndex(where: { !range.contains($0) }) {
            throw fail(
                .badCalibration(
                    "\(tensor)[\(index)] is \(all[index]); it must lie in -1…\(names.count - 1), the values of \(name.quoted)"
                ))
        }
        let classes = (0..<statisticCount).map { Array(all[$0 * rowCount..<($0 + 1) * rowCount]) }
        let sorted = classes.map { $0.sorted() }
        guard sorted.allSatisfy({ $0 == sorted[0] }) else {
            throw fail(.badCalibration("\(tensor) has other groups for one statistic than for another"))
        }
        return GroupCalibration(variable: variable, names: names, classes: classes)
    }

    private func rows(variableCount: Int) throws(CheckpointError) -> CalibrationRows? {
        let (name, offsetName) = ("calibration.rows", "calibration.rows.surprisal_offset")
        guard let values = try finiteFloats(name, width: variableCount), !values.isEmpty else { return nil }
        let offsets = try finiteFloats(offsetName, width: variableCount) ?? []
        guard offsets.isEmpty || offsets.count == values.count else {
            throw fail(
                .badCalibration(
                    "\(offsetName) has \(offsets.count / variableCount) rows, \(name) \(values.count / variableCount)"
                ))
        }
        return CalibrationRows(values, surprisalOffsets: offsets, variableCount: variableCount)
    }

    /// Rows of F32 [n × width]; nil where there are none of that name.
    private func finiteFloats(_ name: String, width: Int) throws(CheckpointError) -> [Float]? {
        guard let entry = file.entries[name] else { return nil }
        guard entry.shape.count == 2, entry.shape[1] == width else {
            throw fail(.badShape(tensor: name, shape: entry.shape, expected: "[rows, \(width)]"))
        }
        let values = try file.elements(name, dtype: "F32", as: Float.self)
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw fail(.notFinite(tensor: name, index: index, value: "\(values[index])"))
        }
        return values
    }

    private func gains(variableCount: Int) throws(CheckpointError) -> GainCalibration? {
        let name = "calibration.gain"
        guard let values = try finiteFloats(name, width: variableCount), !values.isEmpty else { return nil }
        if let index = values.firstIndex(where: { $0 < 0 }) {
            throw fail(.badCalibration("\(name)[\(index)] is \(values[index]); a gain is at least 0"))
        }
        return GainCalibration(values, variableCount: variableCount)
    }

    private func surprisals(variableCount: Int) throws(CheckpointError) -> SurprisalSummary? {
        let names = ["calibration.surprisal.mean", "calibration.surprisal.standard_deviation"]
        guard names.contains(where: { file.entries[$0] != nil }) else { return nil }
        var values: [[Double]] = []
        for name in names {
            let shape = try file.entry(name).shape
            guard shape == [variableCount] else {
                throw fail(.badShape(tensor: name, shape: shape, expected: "[\(variableCount)]"))
            }
            values.append(try finiteDoubles(name))
        }
        return SurprisalSummary(means: values[0], standardDeviations: values[1])
    }

    func finiteDoubles(_ name: String) throws(CheckpointError) -> [Double] {
        let values = try file.elements(name, dtype: "F64", as: Double.self)
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw fail(.notFinite(tensor: name, index: index, value: "\(values[index])"))
        }
        return values
    }

    /// The sum of two layers sees what either sees: it is autoregressive only where their degrees are equal.
    private func checkResiduals(of model: DensityModel) throws(CheckpointError) {
        guard model.isResidual else { return }
        for (index, member) in model.members.enumerated() {
            for (layer, degrees) in member.hiddenDegrees.enumerated().dropFirst() {
                let before = member.hiddenDegrees[layer - 1]
                guard degrees.count == before.count,
                    let unit = degrees.indices.first(where: { degrees[$0] != before[$0] })
                else { continue }
                throw fail(
                    .badMembers(
                        "it is residual, but unit \(unit) of member \(index) has degree \(before[unit]) in hidden layer "
                            + "\(layer - 1) and \(degrees[unit]) in layer \(layer), which is as wide; they must be equal"
                    ))
            }
        }
    }

    private func checkNames(networks: [MaskedNetwork], hidden: Int) throws(CheckpointError) {
        var known: Set = [
            "members.network", "members.ordering", "calibration.log_likelihood", "calibration.surprisal.mean",
            "calibration.surprisal.standard_deviation", "calibration.gain", "calibration.rows",
            "calibration.rows.surprisal_offset", "calibration.group",
        ]
        known.formUnion(CellCalibrationTensors.names)
        for layer in 0..<hidden { known.insert("members.degrees.\(layer)") }
        for (index, network) in networks.enumerated() {
            known.insert("networks.\(index).direct.weight")
            for layer in network.layers.indices {
                known.formUnion(["networks.\(index).layers.\(layer).weight", "networks.\(index).layers.\(layer).bias"])
            }
        }
        if let stranger = file.entries.keys.filter({ !known.contains($0) }).min() {
            throw fail(.unknownTensor(stranger))
        }
    }

    /// A weight that no mask lets through is stored as zero: anything else means that masks and weights do not belong together.
    private func checkHiddenWeights(of model: DensityModel) throws(CheckpointError) {
        if let weight = model.firstHiddenWeight() {
            throw fail(.hiddenWeight(tensor: weight.tensor, output: weight.output, input: weight.input))
        }
    }
}

// MARK: - Tensors of expected shapes

extension CheckpointReader {
    private func matrix(_ name: String, rows: Int? = nil, columns: Int) throws(CheckpointError) -> Matrix {
        let entry = try file.entry(name)
        guard entry.shape.count == 2, entry.shape[0] > 0, entry.shape[1] == columns,
            entry.shape[0] == rows ?? entry.shape[0]
        else {
            throw fail(
                .badShape(
                    tensor: name, shape: entry.shape, expected: "[\(rows.map(String.init) ?? "units"), \(columns)]"))
        }
        try requireF32(name, entry)
        return Matrix(rows: entry.shape[0], columns: columns, elements: try file.floats(name))
    }

    private func vector(_ name: String, count: Int) throws(CheckpointError) -> [Float] {
        let entry = try file.entry(name)
        guard entry.shape == [count] else {
            throw fail(.badShape(tensor: name, shape: entry.shape, expected: "[\(count)]"))
        }
        try requireF32(name, entry)
        return try file.floats(name)
    }

    private func requireF32(_ name: String, _ entry: SafetensorsFile.Entry) throws(CheckpointError) {
        guard entry.dtype == "F32" else { throw fail(.wrongType(tensor: name, found: entry.dtype, expected: "F32")) }
    }

    /// Rows of an I32 matrix.
    private func indices(_ name: String, shape: [Int]) throws(CheckpointError) -> [[Int]] {
        let entry = try file.entry(name)
        guard entry.shape == shape else {
            throw fail(.badShape(tensor: name, shape: entry.shape, expected: "\(shape)"))
        }
        let elements = try file.elements(name, dtype: "I32", as: Int32.self).map(Int.init)
        return (0..<shape[0]).map { Array(elements[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }
}
