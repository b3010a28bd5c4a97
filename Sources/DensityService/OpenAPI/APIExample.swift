/// Examples of the document, as JSON: what a service of the bundled model `nltcs` alone is sent, and what it answers.
enum APIExample {
    static let scoreRequest = """
        {"rows": [[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0], {"v0": 1, "v1": 0, "v2": 1, "v3": 0, "v4": 0, "v5": 0, "v6": 0, "v7": 0,
          "v8": 0, "v9": 0, "v10": 0, "v11": 0, "v12": 0, "v13": 0, "v14": 0, "v15": 1}], "explain": 2, "alpha": 0.05}
        """
    static let scores = """
        {"model": "nltcs", "version": "1", "log_likelihood": [-1.8529432, -12.6030587],
         "bits_per_dimension": [0.1670769, 1.1363981], "p_value": [1, 0.0163731], "statistic": "likelihood",
         "alpha": 0.05, "anomaly": [false, true], "score": [1.8529432, 12.6030587],
         "explanations": [
           [{"variable": "v4", "value": 0, "gain": 0, "p_value": 1, "expected": 0,
             "range": [{"value": 0, "probability": 0.9048113}], "surprisal": 0.8038530},
            {"variable": "v9", "value": 0, "gain": 0, "p_value": 1, "expected": 0,
             "range": [{"value": 0, "probability": 0.7478390}, {"value": 1, "probability": 0.2521610}],
             "surprisal": 0.2924519}],
           [{"variable": "v15", "value": 1, "gain": 4.6188714, "p_value": 0.0039043, "expected": 0,
             "range": [{"value": 0, "probability": 0.9902324}], "surprisal": 4.3156357},
            {"variable": "v2", "value": 1, "gain": 2.0058052, "p_value": 0.0195217, "expected": 0,
             "range": [{"value": 0, "probability": 0.8814052}, {"value": 1, "probability": 0.1185947}],
             "surprisal": 2.1334696}]]}
        """
    static let badRowRequest = """
        {"rows": [[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2], [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]], "on_error": "row"}
        """
    static let conditionalsRequest = """
        {"rows": [[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]], "variables": ["v0"]}
        """
    static let conditionals = """
        {"model": "nltcs", "version": "1", "ordering": ["v4", "v7", "v15", "v1", "v11", "v3", "v13", "v0", "v12", "v14", "v6",
          "v8", "v5", "v9", "v2", "v10"],
         "conditionals": [[{"variable": "v0", "given": ["v4", "v7", "v15", "v1", "v11", "v3", "v13"], "type": "binary",
          "probability": 0.6891942, "value": 1, "log_probability": -0.3722321}]]}
        """
    static let othersRequest = """
        {"rows": [[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,null]], "variables": ["v0", "v15"], "given": "others"}
        """
    static let imputeRequest = """
        {"rows": [[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,null], [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]}
        """
    static let imputed = """
        {"model": "nltcs", "version": "1", "method": "best", "rows": [
          {"v0": 1, "v1": 1, "v2": 1, "v3": 1, "v4": 1, "v5": 1, "v6": 1, "v7": 1, "v8": 1, "v9": 1, "v10": 1, "v11": 1,
           "v12": 1, "v13": 1, "v14": 1, "v15": 1},
          {"v0": 0, "v1": 0, "v2": 0, "v3": 0, "v4": 0, "v5": 0, "v6": 0, "v7": 0, "v8": 0, "v9": 0, "v10": 0, "v11": 0,
           "v12": 0, "v13": 0, "v14": 0, "v15": 0}],
         "imputed": [[{"variable": "v15", "value": 1, "range": [{"value": 1, "probability": 0.7966355},
           {"value": 0, "probability": 0.2033645}]}], []]}
        """
    static let imputeDrawRequest = #"{"rows": [{"v0": 1, "v1": 1}], "method": "draw", "draws": 2, "seed": 7}"#
    static let repairRequest = """
        {"rows": [[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0], [1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,1]], "alpha": 0.05, "changes_max": 2}
        """
    static let repairs = """
        {"model": "nltcs", "version": "1", "statistic": "likelihood", "alpha": 0.05, "repairs": [
          {"p_value": [1, 1], "changes": [],
           "row": {"v0": 0, "v1": 0, "v2": 0, "v3": 0, "v4": 0, "v5": 0, "v6": 0, "v7": 0, "v8": 0, "v9": 0, "v10": 0,
             "v11": 0, "v12": 0, "v13": 0, "v14": 0, "v15": 0}},
          {"p_value": [0.0163732, 0.2425085], "repaired": true,
           "changes": [{"variable": "v15", "from": 1, "to": 0, "gain": 4.6188714, "p_value": 0.0039043}],
           "row": {"v0": 1, "v1": 0, "v2": 1, "v3": 0, "v4": 0, "v5": 0, "v6": 0, "v7": 0, "v8": 0, "v9": 0, "v10": 0,
             "v11": 0, "v12": 0, "v13": 0, "v14": 0, "v15": 0}}]}
        """
    static let sampleRequest = #"{"n": 2, "seed": 7, "given": {"v4": 0}, "as": "objects"}"#
    static let samples = """
        {"model": "nltcs", "version": "1", "seed": 7, "rows": [[0,0,0,0,0,0,0,0,0,1,1,0,1,0,1,0],
          [0,0,0,1,1,1,0,1,0,1,0,1,0,1,1,0]], "log_likelihood": [-11.2833197, -5.7984004]}
        """
    static let models = """
        {"models": [{"name": "nltcs", "version": "1", "state": "ready", "default": true, "variables": 16, "members": 1,
          "calibrated": true}]}
        """
    static let health = """
        {"status": "ok", "version": "1.0.0", "uptime_seconds": 107.25,
         "models": [{"name": "nltcs", "version": "1", "state": "ready", "queue_rows": 0}]}
        """
    static let drift = """
        {"model": "nltcs", "version": "1", "window": 10000, "rows": 3236,
         "kolmogorov_smirnov": {"distance": 0.0203956, "p_value": 0.4547177},
         "anomalies": {"share": 0.0123609, "alpha": 0.01, "p_value": 0.1699006},
         "exchangeability": {"rows": 3236, "value": 0.1833207, "largest": 2.4071163},
         "log_likelihood": {"mean": -6.0040672, "calibration_mean": -5.9977092},
         "surprisal": {"rows": 198, "variables": [{"variable": "v0", "mean": 0.2865170, "calibration_mean": 0.3016208,
           "calibration_standard_deviation": 0.6294103, "z_score": -0.3277847}]}}
        """
    static let predictRequest = #"{"instances": [[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]}"#
    static let predictions = """
        {"predictions": [{"log_likelihood": -1.8529432, "p_value": 1, "anomaly": false, "score": 1.8529432}]}
        """
    static let inferRequest = """
        {"inputs": [{"name": "rows", "datatype": "FP32", "shape": [1, 16], "data": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}
        """
    static let inferAnswer = """
        {"model_name": "nltcs", "model_version": "1", "outputs": [
          {"name": "log_likelihood", "datatype": "FP64", "shape": [1], "data": [-1.8529432]},
          {"name": "p_value", "datatype": "FP64", "shape": [1], "data": [1]},
          {"name": "anomaly", "datatype": "BOOL", "shape": [1], "data": [false]}]}
        """
}
