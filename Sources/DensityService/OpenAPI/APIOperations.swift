internal import Microhttpd

extension APIOperation {
    /// Of any request that computes.
    private static let computing = [404, 406, 422]

    static let score = APIOperation(
        summary: "How likely each row is, and which of its values are odd.",
        description: """
            One entry a row, in the request's order. p_value, statistic, alpha, anomaly and score are there for a calibrated model only. \
            Where the calibration has too few rows for alpha, anomaly is null and note says why. \
            A model trained with groups compares a row with calibration rows of its group, and groups names it. \
            A missing value (null, or an absent name) is an outcome like another, learned where training had some; with \
            missing "unknown" it is integrated out by draws. A value that training never saw, a missing one too, has the \
            little probability that is kept for such. explain names the columns by which a row would gain most if they were \
            right, and what would be right; gains depend on no ordering, surprisals do: of two values that contradict each other, the later is charged. \
            fdr adds q_values and discoveries, of which in the mean at most that share is normal. \
            NDJSON (a row a line) and CSV (a header with the variables' names) are read as they arrive and answered in kind, \
            a line for every row, blank lines aside, with a column explanation where explain is given; keep copies columns to the front of each line; with 'Accept: application/json' by one document, as with on_error "row". CSV without a header \
            says so: 'text/csv; header=absent'.
            """,
        body: "ScoreRequest",
        lineBodies: ["application/x-ndjson", "text/csv"],
        examples: [("two_rows", APIExample.scoreRequest), ("a_bad_row", APIExample.badRowRequest)],
        answers: [
            Answer(
                description: "Scored.", headers: ["Server-Timing"],
                content: [
                    ("application/json", "Scores", APIExample.scores), ("application/x-ndjson", "Text", nil),
                    ("text/csv", "Text", nil),
                ])
        ], problems: computing)

    static let conditionals = APIOperation(
        summary: "The distribution of each variable, given those before it or all others.",
        description: """
            Given its predecessors, a variable that is asked for by name and has an unknown one is answered 422. Given others \
            it is p(x_j | all other values of the row), which knows no ordering; those that are not known are summed out.
            """,
        body: "ConditionalsRequest",
        examples: [
            ("one_variable", APIExample.conditionalsRequest), ("given_all_others", APIExample.othersRequest),
        ],
        answers: [
            Answer(
                description: "A list a row.", headers: ["Server-Timing"],
                content: [("application/json", "Conditionals", APIExample.conditionals)])
        ], problems: computing)

    static let impute = APIOperation(
        summary: "Fill in what rows lack.",
        description: """
            With method "best" each missing value (null, or an absent name) becomes the median of a number, or the most probable \
            label, given all that the row has. With "draw" all missing values of a row are drawn together, given what it has, as \
            many times as draws says (multiple imputation): a list of rows a draw. Values that are there come back as they were \
            sent. imputed has each value that was filled in with its range. Every value is on its column's grid and within the \
            range of training; a date comes in the table's own form.
            """,
        body: "ImputeRequest",
        examples: [("best_values", APIExample.imputeRequest), ("draws", APIExample.imputeDrawRequest)],
        answers: [
            Answer(
                description: "Rows in the request's order.", headers: ["Server-Timing"],
                content: [("application/json", "Imputed", APIExample.imputed)])
        ], problems: computing)

    static let repair = APIOperation(
        summary: "The fewest changes after which a row is no anomaly.",
        description: """
            Greedily by gain: the column by which the row gains most gets the value that it gains most by, until p_value is above \
            alpha, or changes_max columns are changed; changes that turn out not to be needed are undone. A row that is no \
            anomaly has no changes. With repaired false the changes do not do, and row is as it came. A missing value counts for \
            what it is, as in /score, and may be changed into one. The model needs a calibration.
            """,
        body: "RepairRequest", examples: [("two_rows", APIExample.repairRequest)],
        answers: [
            Answer(
                description: "A repair a row.", headers: ["Server-Timing"],
                content: [("application/json", "Repairs", APIExample.repairs)])
        ], problems: computing)

    private static let drawn = Answer(
        description: "Rows that can be posted to /score.", headers: ["Server-Timing", "X-Seed"],
        content: [
            ("application/json", "Samples", APIExample.samples), ("application/x-ndjson", "Text", nil),
            ("text/csv", "Text", nil),
        ])

    static let sample = APIOperation(
        summary: "Draw rows.", description: "The same seed gives the same rows, however requests are batched.",
        answers: [drawn], problems: computing)

    static let samplePost = APIOperation(
        summary: "Draw rows, given evidence.",
        description: "A field of the body wins over the parameter of its name.",
        body: "SampleRequest",
        examples: [("given_one_variable", APIExample.sampleRequest)], answers: [drawn], problems: computing)

    static let models = APIOperation(
        summary: "The models that are served.",
        description: """
            An entry a version, the newest first, and an entry with the state 'failed' for each file that cannot be served; \
            'default' is what answers requests without a model's name.
            """,
        answers: [
            Answer(
                description: "All models.", content: [("application/json", "Models", APIExample.models)])
        ], problems: [406])

    static let modelCard = APIOperation(
        summary: "All about a model but its weights.",
        answers: [
            Answer(description: "The model card.", content: [("application/json", "ModelCard", nil)])
        ], problems: [404, 406])

    static let reload = APIOperation(
        summary: "Read a model's files again and serve what they hold now.",
        description: """
            Where no keys are configured, from the service's own machine only. No request is lost. A file that cannot be served \
            changes nothing, and GET /models says why beside what is served still.
            """,
        body: "Empty", isBodyRequired: false, examples: [("plain", "{}")],
        answers: [
            Answer(description: "The new model card.", content: [("application/json", "ModelCard", nil)])
        ], problems: [404, 422])

    static let drift = APIOperation(
        summary: "Whether the latest rows come from where the calibration rows came from.",
        description: """
            Over a window of the latest rows that were scored since the model was loaded. Without drift their p-values are \
            uniform: kolmogorov_smirnov has the distance, and how probable one as large is without drift (a test of two \
            samples, as calibration rows are finitely many too). What needs a calibration is there for a calibrated model only. \
            exchangeability bets against no drift, row by row, on the rows that are watched when somebody asks; its largest value may be \
            looked at as often as one likes. Surprisals are those of one row in 16, chosen at random.
            """,
        answers: [
            Answer(description: "The report.", content: [("application/json", "Drift", APIExample.drift)])
        ], problems: [404, 406])

    static let live = APIOperation(
        summary: "Whether the process can answer.",
        answers: [
            Answer(description: "It can.", content: [("application/json", "Status", #"{"status":"ok"}"#)])
        ])

    private static func unready(_ schema: String?) -> Answer {
        Answer(
            status: 503, description: "Draining, or no model is ready.", headers: ["Retry-After"],
            content: (schema.map { [("application/json", $0, nil)] } ?? [])
                + [("application/problem+json", "Problem", nil)])
    }

    static let ready = APIOperation(
        summary: "Whether requests can be answered.",
        answers: [
            Answer(description: "They can.", content: [("application/json", "Status", #"{"status":"ok"}"#)]),
            unready("Status"),
        ])

    static let health = APIOperation(
        summary: "As /readyz, with what there is to know.",
        answers: [
            Answer(description: "Ready.", content: [("application/json", "Health", APIExample.health)]),
            unready("Health"),
        ])

    static let ping = APIOperation(
        summary: "As /readyz, without a body.",
        answers: [Answer(description: "Ready.", content: []), unready(nil)])

    static let metrics = APIOperation(
        summary: "Counters and histograms in Prometheus' text format, version 0.0.4.",
        answers: [Answer(description: "All metrics.", content: [("text/plain", "Text", nil)])])

    static let openAPI = APIOperation(
        summary: "This document.",
        answers: [Answer(description: "OpenAPI 3.1.", content: [("application/json", "Document", nil)])],
        problems: [406])

    static let workbench = APIOperation(
        summary: "A web page to rank and repair tables, and to try the models.",
        answers: [Answer(description: "The page.", content: [("text/html", "Text", nil)])], problems: [406])

    static let reference = APIOperation(
        summary: "This document as a web page.",
        answers: [Answer(description: "The page.", content: [("text/html", "Text", nil)])], problems: [406])
}
