import ArgumentParser
import MADERows

/// The options of `made train` that say what the columns hold.
struct SchemaArguments: ParsableArguments {
    private static let defaults = SchemaOptions()

    @Option(
        help: "A JSON file that says what columns hold, as --print-schema writes it; the other columns are inferred.")
    var schema: String?

    @Flag(help: "Print what the columns hold as such a file, and train nothing.")
    var printSchema = false

    @Option(help: "Columns of labels, separated by commas, numbers too.")
    var categorical = NameList()

    @Option(help: "Columns of numbers.")
    var real = NameList()

    @Option(help: "Columns of 0 and 1.")
    var binary = NameList()

    @Option(help: "Columns of dates or times, which become weekday, month and time of day.")
    var date = NameList()

    @Option(help: "Columns to leave out.")
    var drop = NameList()

    @Option(help: "Texts that stand for a missing value in any column, as the empty cell does.")
    var missing = NameList()

    @Option(help: "Labels that fewer rows have share one class, other.")
    var rare = defaults.labelRowsMin

    @Flag(
        inversion: .prefixedNo,
        help: """
            The first line of CSV names the columns, or is a row. (default: a row where all its cells are numbers, or \
            one is a number with a point)
            """)
    var header: Bool?

    func validate() throws {
        guard rare >= 1 else { throw ValidationError("--rare must be 1 or more") }
        let names = [categorical, real, binary, date, drop].flatMap(\.names)
        if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError(
                "column \"\(name)\" is chosen twice; of --categorical, --real, --binary, --date, --drop one is right")
        }
    }

    /// The options' choices, over those of the schema file.
    func options() throws -> SchemaOptions {
        var options = SchemaOptions()
        options.labelRowsMin = rare
        options.missingTexts = missing.names
        if let schema {
            let file = try SchemaFile(path: schema)
            options.choices = file.choices
            options.missingTexts += file.missingTexts
            if let hasHeader = file.hasHeader { options.header = hasHeader ? .present : .absent }
        }
        if let header { options.header = header ? .present : .absent }
        let chosen: [(NameList, SchemaOptions.Choice)] = [
            (categorical, .categorical), (real, .real), (binary, .binary), (date, .date(form: nil)), (drop, .drop),
        ]
        for (list, choice) in chosen {
            for name in list.names { options.choices[NumberText.normalised(name)] = choice }
        }
        return options
    }
}

/// `a,b`: names separated by commas.
struct NameList: ExpressibleByArgument {
    let names: [String]

    init() {
        names = []
    }

    init?(argument: String) {
        names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains("") else { return nil }
    }

    var defaultValueDescription: String { names.joined(separator: ",") }
}
