extension APISchema {
    /// Of requests that fill in or put right what rows hold, and their answers, as JSON.
    static let cleaning = ##"""
        "ImputeRequest": {"type": "object", "required": ["rows"], "additionalProperties": false, "properties": {
          "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
          "method": {"enum": ["best", "draw", null], "description": "The best value for each, or draws of all together."},
          "draws": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000,
            "description": "How many draws of each row; 1 where it is not given. Of method draw."},
          "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615,
            "description": "The same seed gives the same draws. None: a fresh one, which is answered. Of method draw."}}},
        "RepairRequest": {"type": "object", "required": ["rows"], "additionalProperties": false, "properties": {
          "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
          "alpha": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1,
            "description": "A row whose p-value is at most this is an anomaly; at least 1 / (1 + calibration rows)."},
          "statistic": {"enum": ["likelihood", "cells", "combined", null],
            "description": "What p-values rank rows by, as in /score."},
          "changes_max": {"type": ["integer", "null"], "minimum": 1, "maximum": 9223372036854775807,
            "description": "Most columns that are changed in a row, at most all; 3 where it is not given."}}},
        "NamedRow": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Value"},
          "description": "A row by name: values that came as they were sent, those of columns that training left out too."},
        "Range": {"type": "array", "items": {"type": ["number", "object"]},
          "description": "The middle 90 % of the numbers that a value may be, given what the row has, or the shortest list of values with their probabilities that holds 90 %."},
        "Imputed": {"type": "object", "required": ["model", "version", "method", "imputed"], "additionalProperties": false,
          "properties": {
          "model": {"type": "string"}, "version": {"type": "string"}, "method": {"enum": ["best", "draw"]},
          "seed": {"type": "integer", "minimum": 0, "description": "Of the draws."},
          "rows": {"type": "array", "items": {"$ref": "#/components/schemas/NamedRow"},
            "description": "Of method best: the rows with all their values."},
          "draws": {"type": "array", "items": {"type": "array", "items": {"$ref": "#/components/schemas/NamedRow"}},
            "description": "Of method draw: the same, a list a draw."},
          "imputed": {"type": "array", "description": "Of each row the values that were filled in.",
            "items": {"type": "array", "items": {"type": "object", "required": ["variable"], "additionalProperties": false,
            "properties": {"variable": {"type": "string"},
              "value": {"type": ["string", "number"], "description": "Of method best."},
              "values": {"type": "array", "items": {"type": ["string", "number"]}, "description": "Of method draw, one a draw."},
              "range": {"$ref": "#/components/schemas/Range"},
              "missing": {"type": "number", "minimum": 0, "maximum": 1,
                "description": "The probability that there is no value, where training had such rows."},
              "parts": {"type": "array", "description": "Of a date: what its parts may be.",
                "items": {"type": "object", "required": ["part", "range"], "additionalProperties": false, "properties": {
                "part": {"type": "string"}, "range": {"$ref": "#/components/schemas/Range"},
                "missing": {"type": "number", "minimum": 0, "maximum": 1}}}}}}}}}},
        "Repairs": {"type": "object", "required": ["model", "version", "statistic", "alpha", "repairs"], "additionalProperties": false,
          "properties": {
          "model": {"type": "string"}, "version": {"type": "string"},
          "statistic": {"enum": ["likelihood", "cells", "combined"], "description": "What the p-values rank by."},
          "alpha": {"type": "number"},
          "repairs": {"type": "array", "items": {"type": "object", "required": ["p_value", "changes", "row"],
            "additionalProperties": false, "properties": {
            "p_value": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
              "description": "Of the row as it came, and with the changes."},
            "repaired": {"type": "boolean",
              "description": "Of an anomaly: whether it is none with the changes. Where it still is, row is as it came."},
            "changes": {"type": "array", "items": {"type": "object", "required": ["variable", "from", "to", "gain"],
              "additionalProperties": false, "properties": {"variable": {"type": "string"},
              "from": {"$ref": "#/components/schemas/Value"}, "to": {"$ref": "#/components/schemas/Value"},
              "gain": {"type": "number", "description": "Nats that the change adds to the row's log-likelihood, on top of those before it."},
              "p_value": {"type": "number", "minimum": 0, "maximum": 1,
                "description": "How rare such a gain is in the column; absent where the model's calibration does not tell."}}}},
            "row": {"$ref": "#/components/schemas/NamedRow"}}}}}}
        """##
}
