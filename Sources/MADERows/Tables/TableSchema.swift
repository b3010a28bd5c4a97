public import MADE

/// What the columns of a table hold, before any choice of an encoding.
public struct TableSchema: Sendable, Equatable {
    /// What a column's values are.
    public enum Kind: Sendable, Equatable {
        /// 0 and 1.
        case binary
        /// Indices into the labels, rare ones behind the others.
        case categorical(Categories)
        /// Finite numbers, multiples of `step`; nil for a continuous column. A constant column has a step, so that its
        /// spread is one step where nothing else gives one. `resolution` is the unit of the last decimal place.
        case real(step: Double?, resolution: Double? = nil)
    }

    /// One column.
    public struct Column: Sendable, Equatable {
        /// The name in the table's header.
        public let name: String
        /// What its values are.
        public let kind: Kind

        /// A column named `name`.
        public init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }

        /// A variable of such values whose numbers are not encoded.
        package var variable: Variable {
            let kind: Variable.Kind =
                switch kind {
                case .binary: .binary(.plusMinusOne)
                case .categorical(let categories): .categorical(categories)
                case .real: .real(RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 1))
                }
            return Variable(name: name, kind: kind, unseen: kind.isReal ? nil : UnseenValues(rowCount: 0))
        }
    }

    /// In the order of a row's values; names are all different.
    public let columns: [Column]
    /// All columns of the table, those that are left out too: the others are `columns`.
    public let table: Schema

    package var hasNumbers: Bool {
        columns.contains { if case .real = $0.kind { true } else { false } }
    }

    /// The kept columns of `table`.
    public init(columns: [Column], table: Schema) {
        self.columns = columns
        self.table = table
    }

    /// A table of `columns`, written plainly.
    public init(columns: [Column]) {
        self.init(columns: columns, table: Schema(columns: columns.map { Schema.Column(name: $0.name) }))
    }

    /// A table of binary columns.
    public init(binary names: [String]) {
        self.init(columns: names.map { Column(name: $0, kind: .binary) })
    }

    /// The columns' names.
    public var names: [String] { columns.map(\.name) }

    /// What rows of the table at `path` are read by, their numbers not encoded.
    package func rowSchema(path: String) throws(TableError) -> RowSchema {
        guard let schema = RowSchema(columns.map(\.variable), table: table) else {
            throw TableError(path: path, problem: .unreadable(reason: "memory is short"))
        }
        return schema
    }
}

extension Variable.Kind {
    fileprivate var isReal: Bool {
        if case .real = self { true } else { false }
    }
}
