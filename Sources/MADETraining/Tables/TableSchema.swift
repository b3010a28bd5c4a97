public import MADE

/// What the columns of a table hold, before any choice of an encoding.
public struct TableSchema: Sendable, Equatable {
    /// What a column's values are.
    public enum Kind: Sendable, Equatable {
        /// 0 and 1.
        case binary
        /// Indices into the labels.
        case categorical(Categories)
        /// Finite numbers, multiples of `step`; nil for a continuous column. A constant column has a step, so that its
        /// spread is one step where nothing else gives one.
        case real(step: Float?)
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

        var isReal: Bool {
            if case .real = kind { true } else { false }
        }
    }

    /// In the order of a row's values; names are all different.
    public let columns: [Column]

    var hasNumbers: Bool { columns.contains(where: \.isReal) }

    /// A table of `columns`.
    public init(columns: [Column]) {
        self.columns = columns
    }

    /// A table of binary columns.
    public init(binary names: [String]) {
        self.init(columns: names.map { Column(name: $0, kind: .binary) })
    }

    /// The table that a model of `variables` was trained on.
    public init(_ variables: [Variable]) {
        columns = variables.map { variable in
            switch variable.kind {
            case .binary: Column(name: variable.name, kind: .binary)
            case .categorical(let categories): Column(name: variable.name, kind: .categorical(categories))
            case .real(let encoding): Column(name: variable.name, kind: .real(step: encoding.step))
            }
        }
    }

    /// The columns' names.
    public var names: [String] { columns.map(\.name) }
}
