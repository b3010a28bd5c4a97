/// The parts that operations of the document refer to, as JSON.
enum APISchema {
    static let securitySchemes = ##"""
        {"bearer": {"type": "http", "scheme": "bearer"},
         "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same keys; it wins over the other."}}
        """##

    static let headers = ##"""
        {"X-Request-ID": {"description": "The client's own, if it sent one of 1 to 128 visible ASCII characters; else a new one.",
          "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 128}},
         "Server-Timing": {"description": "Milliseconds in the queue and in computation.",
          "schema": {"type": "string", "examples": ["queue;dur=0.154, compute;dur=0.018"]}},
         "WWW-Authenticate": {"description": "How a key is sent, and what was wrong (RFC 6750).", "schema": {"type": "string"}},
         "Retry-After": {"description": "Seconds after which another try makes sense.", "schema": {"type": "integer"}},
         "X-Seed": {"description": "The seed, where the body has no place for it.",
          "schema": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615}}}
        """##

    static let parameters = ##"""
        {"model": {"name": "model", "in": "path", "required": true, "description": "Name of a model, as GET /models lists them.",
          "schema": {"type": "string", "minLength": 1}, "example": "nltcs"},
         "version": {"name": "version", "in": "path", "required": true, "description": "A version that is served, as GET /models lists them.",
          "schema": {"type": "string", "minLength": 1}, "example": "1"},
         "request_id": {"name": "X-Request-ID", "in": "header", "description": "Returned with the answer, and in the log.",
          "schema": {"type": "string"}},
         "traceparent": {"name": "traceparent", "in": "header",
          "description": "The trace that the request belongs to (W3C Trace Context), for the log. Ignored where it is malformed.",
          "schema": {"type": "string"}},
         "timeout": {"name": "X-Timeout-Ms", "in": "header",
          "description": "Milliseconds after which the answer is worthless: then it is 504 and queued work is dropped.",
          "schema": {"type": "integer", "minimum": 1, "maximum": 3600000}},
         "alpha": {"name": "alpha", "in": "query",
          "description": "The share of usual rows that may be called anomalies; a field of the body wins.",
          "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "example": 0.05},
         "n": {"name": "n", "in": "query", "description": "Rows to draw; sample-rows-max of the configuration is the limit.",
          "schema": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1}, "example": 2},
         "seed": {"name": "seed", "in": "query", "description": "The same seed gives the same rows. None: a fresh one.",
          "schema": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615}, "example": 7},
         "temperature": {"name": "temperature", "in": "query", "description": "Below 1: more usual rows; above: more odd ones.",
          "schema": {"type": "number", "minimum": 0.001, "maximum": 1000, "default": 1}},
         "as": {"name": "as", "in": "query", "description": "How a row of JSON is written.",
          "schema": {"type": "string", "enum": ["arrays", "objects"], "default": "arrays"}},
         "format": {"name": "format", "in": "query", "description": "Media type of the answer; it wins over 'Accept'.",
          "schema": {"type": "string", "enum": ["json", "ndjson", "csv"], "default": "json"}}}
        """##

    static var schemas: String { "{\(requests),\n\(answers),\n\(models),\n\(protocols)}" }

    private static let requests = ##"""
        "Value": {"description": "A value of a variable: 0 or 1 (false or true) of a binary one; null is missing.",
          "type": ["number", "string", "boolean", "null"]},
        "Row": {"description": "All variables of one observation: values in the model's order, or by name.",
          "oneOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Value"}},
            {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Value"}}]},
        "ScoreRequest": {"type": "object", "required": ["rows"], "additionalProperties": false,
          "if": {"required": ["on_error"], "properties": {"on_error": {"const": "row"}}},
          "else": {"properties": {"rows": {"items": {"$ref": "#/components/schemas/Row"}}}}, "properties": {
          "rows": {"type": "array", "description": "Rows; with on_error \"row\" anything else is a bad row."},
          "explain": {"type": ["integer", "null"], "minimum": 0, "maximum": 9223372036854775807,
            "description": "How many variables of largest surprisal to name a row, at most all."},
          "per_variable": {"type": ["boolean", "null"], "description": "Whether to give the surprisal of every variable."},
          "alpha": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1,
            "description": "The share of usual rows that may be called anomalies; at least 1 / (1 + calibration rows)."},
          "particles": {"type": ["integer", "null"], "minimum": 1, "maximum": 65536,
            "description": "Draws that stand for each missing value."},
          "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615,
            "description": "Of those draws."},
          "on_error": {"enum": ["request", "row", null],
            "description": "What a bad row spoils: the whole request (422), or its own answer."}}},
        "ConditionalsRequest": {"type": "object", "required": ["rows"], "additionalProperties": false, "properties": {
          "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
          "variables": {"type": ["array", "null"], "items": {"type": "string"},
            "description": "Names. None: every variable whose predecessors are all known."},
          "member": {"type": ["integer", "null"], "minimum": 0, "maximum": 9223372036854775807,
            "description": "Which member's ordering to take; 0 is the first."}}},
        "SampleRequest": {"type": "object", "additionalProperties": false, "properties": {
          "n": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000000,
            "description": "Rows to draw; 1 where it is not given."},
          "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615},
          "given": {"description": "What is known: the rows are drawn given this evidence.",
            "$ref": "#/components/schemas/Row"},
          "temperature": {"type": ["number", "null"], "minimum": 0.001, "maximum": 1000},
          "as": {"enum": ["arrays", "objects", null]}}}
        """##

    private static let answers = ##"""
        "Problem": {"type": "object", "required": ["type", "title", "status", "detail", "request_id"],
          "additionalProperties": false, "properties": {
          "type": {"const": "about:blank"}, "title": {"type": "string"},
          "status": {"type": "integer", "minimum": 400, "maximum": 599},
          "detail": {"type": "string", "description": "What is wrong, where, and what would be right."},
          "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) to the offending part of the body."},
          "request_id": {"type": "string"}}},
        "Numbers": {"description": "One a row; null for a bad row.", "type": "array", "items": {"type": ["number", "null"]}},
        "Scores": {"type": "object", "required": ["model", "version", "log_likelihood", "bits_per_dimension"],
          "additionalProperties": false, "properties": {
          "model": {"type": "string"}, "version": {"type": "string"},
          "log_likelihood": {"$ref": "#/components/schemas/Numbers"},
          "bits_per_dimension": {"$ref": "#/components/schemas/Numbers"},
          "p_value": {"$ref": "#/components/schemas/Numbers"},
          "alpha": {"type": "number"},
          "anomaly": {"type": "array", "items": {"type": ["boolean", "null"]}, "description": "Whether p_value ≤ alpha."},
          "explanations": {"type": "array", "items": {"type": ["array", "null"], "items": {"type": "object",
            "required": ["variable", "surprisal"], "additionalProperties": false,
            "properties": {"variable": {"type": "string"}, "surprisal": {"type": "number"}}}}},
          "surprisal": {"type": "array", "items": {"type": ["array", "null"], "items": {"type": "number"}},
            "description": "Nats of each variable, given those before it in the model's ordering."},
          "explained_log_likelihood": {"$ref": "#/components/schemas/Numbers"},
          "errors": {"type": "array", "items": {"type": "object", "required": ["row", "detail"],
            "additionalProperties": false, "properties": {"row": {"type": "integer"}, "detail": {"type": "string"},
            "pointer": {"type": "string"}}}}}},
        "Conditionals": {"type": "object", "required": ["model", "version", "ordering", "conditionals"],
          "additionalProperties": false, "properties": {
          "model": {"type": "string"}, "version": {"type": "string"},
          "ordering": {"type": "array", "items": {"type": "string"}},
          "conditionals": {"type": "array", "items": {"type": "array", "items": {"type": "object",
            "required": ["variable", "given", "type", "probability"], "additionalProperties": false, "properties": {
            "variable": {"type": "string"}, "given": {"type": "array", "items": {"type": "string"}},
            "type": {"const": "binary"}, "probability": {"type": "number", "minimum": 0, "maximum": 1},
            "value": {"enum": [0, 1]}, "log_probability": {"type": "number", "maximum": 0}}}}}}},
        "Samples": {"type": "object", "required": ["model", "version", "seed", "rows", "log_likelihood"],
          "additionalProperties": false, "properties": {
          "model": {"type": "string"}, "version": {"type": "string"}, "seed": {"type": "integer", "minimum": 0},
          "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
          "log_likelihood": {"type": "array", "items": {"type": "number"}},
          "effective_sample_size": {"type": "number",
            "description": "Where the evidence is not the start of an ordering: what the weighted draws are worth."}}},
        "Text": {"type": "string"},
        "Document": {"type": "object", "required": ["openapi", "info", "paths"]}
        """##

    private static let models = ##"""
        "State": {"enum": ["ready", "loading", "failed"]},
        "Status": {"type": "object", "required": ["status"], "additionalProperties": false,
          "properties": {"status": {"enum": ["ok", "draining", "no model is ready"]}}},
        "Health": {"type": "object", "required": ["status", "version", "uptime_seconds", "models"],
          "additionalProperties": false, "properties": {
          "status": {"enum": ["ok", "draining", "no model is ready"]},
          "version": {"type": "string"}, "uptime_seconds": {"type": "number", "minimum": 0},
          "models": {"type": "array", "items": {"type": "object", "required": ["name", "state"],
            "additionalProperties": false, "properties": {"name": {"type": "string"},
            "version": {"type": "string"},
            "state": {"$ref": "#/components/schemas/State"}, "queue_rows": {"type": "integer", "minimum": 0}}}}}},
        "Models": {"type": "object", "required": ["models"], "additionalProperties": false, "properties": {
          "models": {"type": "array", "items": {"type": "object", "required": ["name", "state", "default"],
            "additionalProperties": false, "properties": {"name": {"type": "string"}, "version": {"type": "string"},
            "state": {"$ref": "#/components/schemas/State"}, "default": {"type": "boolean"},
            "variables": {"type": "integer"}, "members": {"type": "integer"}, "calibrated": {"type": "boolean"},
            "reason": {"type": "string", "description": "Why the file, as it is now, does not serve."}}}}}},
        "Drift": {"type": "object", "required": ["model", "version", "window", "rows"], "additionalProperties": false,
          "properties": {
          "model": {"type": "string"}, "version": {"type": "string"},
          "window": {"type": "integer", "minimum": 0, "description": "Rows that are watched at most (drift-rows)."},
          "rows": {"type": "integer", "minimum": 0, "description": "Rows that are."},
          "kolmogorov_smirnov": {"type": "object", "required": ["distance", "p_value"], "additionalProperties": false,
            "properties": {"distance": {"type": "number", "minimum": 0, "maximum": 1},
            "p_value": {"type": "number", "minimum": 0, "maximum": 1}}},
          "anomalies": {"type": "object", "required": ["share", "alpha", "p_value"], "additionalProperties": false,
            "properties": {"share": {"type": "number", "minimum": 0, "maximum": 1}, "alpha": {"type": "number"},
            "p_value": {"type": "number", "minimum": 0, "maximum": 1,
              "description": "How probable at least so many are without drift."}}},
          "log_likelihood": {"type": "object", "required": ["mean"], "additionalProperties": false,
            "properties": {"mean": {"type": "number"}, "calibration_mean": {"type": "number"}}},
          "surprisal": {"type": "object", "required": ["rows", "variables"], "additionalProperties": false,
            "properties": {"rows": {"type": "integer", "minimum": 1, "description": "Rows that the means are of."},
            "variables": {"type": "array", "items": {"type": "object", "required": ["variable", "mean"],
              "additionalProperties": false, "properties": {"variable": {"type": "string"}, "mean": {"type": "number"},
              "calibration_mean": {"type": "number"}, "calibration_standard_deviation": {"type": "number", "minimum": 0},
              "z_score": {"type": "number", "description": "How many standard errors the means are apart."}}}}}}}},
        "ModelCard": {"type": "object", "required": ["name", "version", "variables", "orderings", "layers", "activation",
          "direct_connections", "networks", "members", "parameters", "autoregressive", "sha256"],
          "additionalProperties": false, "properties": {
          "name": {"type": "string"}, "version": {"type": "string"},
          "variables": {"type": "array", "items": {"type": "object", "required": ["name", "type"],
            "additionalProperties": false, "properties": {"name": {"type": "string"}, "type": {"const": "binary"}}}},
          "orderings": {"type": "array", "items": {"type": "array", "items": {"type": "string"}},
            "description": "The variables in the order of each member."},
          "layers": {"type": "array", "items": {"type": "integer"}, "description": "Units, from input to output."},
          "activation": {"enum": ["relu", "elu", "tanh", "sigmoid"]}, "direct_connections": {"type": "boolean"},
          "networks": {"type": "integer"}, "members": {"type": "integer"}, "parameters": {"type": "integer"},
          "image_width": {"type": "integer"},
          "training": {"type": "object", "additionalProperties": false, "properties": {
            "train_rows": {"type": "integer"}, "validation_rows": {"type": "integer"},
            "calibration_rows": {"type": "integer"}, "epochs": {"type": "integer"}, "train_nats": {"type": "number"},
            "validation_nats": {"type": "number"}, "test_nats": {"type": "number"}, "seed": {"type": "integer"}}},
          "calibration": {"type": "object", "required": ["rows", "smallest_p_value", "log_likelihood_quantiles"],
            "additionalProperties": false, "properties": {"rows": {"type": "integer"},
            "smallest_p_value": {"type": "number"},
            "log_likelihood_quantiles": {"type": "object", "additionalProperties": {"type": "number"}}}},
          "autoregressive": {"type": "object", "required": ["verified", "members", "independent_pairs", "probes"],
            "additionalProperties": false, "description": "That no conditional depends on a later variable.",
            "properties": {"verified": {"const": true}, "members": {"type": "integer"},
            "independent_pairs": {"type": "integer"}, "probes": {"type": "integer"}}},
          "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}}
        """##
}
