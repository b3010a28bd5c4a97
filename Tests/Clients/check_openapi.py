"""A client that openapi-python-client writes out of the service's own document: check_openapi.py URL MODEL TABLE"""
import importlib
import importlib.metadata
import json
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

from service import Table, call


def generate(url, folder):
    """Writes the client into a folder, imports all of it, and returns the package."""
    document = Path(folder, "openapi.json")
    document.write_text(json.dumps(call(f"{url}/openapi.json")))
    generator = Path(sys.executable).with_name("openapi-python-client")
    command = [generator, "generate", "--path", document, "--meta", "none", "--output-path", Path(folder, "made_client")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # It cannot send CSV, and says so; whatever has JSON too it writes all the same.
    assert done.returncode == 0 and "will not be generated" not in done.stdout, done.stdout
    sys.path.insert(0, str(folder))
    package = importlib.import_module("made_client")
    for module in pkgutil.walk_packages(package.__path__, "made_client."):
        importlib.import_module(module.name)
    return package


def check(url, model, name):
    table = Table(url, name)
    with tempfile.TemporaryDirectory() as folder:
        package = generate(url, folder)
        client = package.Client(url, raise_on_unexpected_status=True)
        forms = package.models

        def ask(operation, *path, **request):
            module = importlib.import_module(f"made_client.api.default.{operation}")
            return module.sync(*path, client=client, **request)

        served = {entry.name: entry for entry in ask("get_models").models}
        assert {model, name} <= set(served) and served[name].state == forms.State.READY, served
        assert served[name].calibrated is True, served
        card = ask("get_models_model", name)
        assert [variable.name for variable in card.variables] == list(table.columns), card
        assert ask("get_health").status == forms.HealthStatus.OK and ask("get_readyz").status.value == "ok"

        request = forms.ScoreRequest(rows=table.rows, explain=2, per_variable=True)
        scores = ask("post_models_model_score", name, body=request)
        native = call(f"{url}/models/{name}/score", {"rows": table.rows, "explain": 2, "per_variable": True})
        assert scores.to_dict() == native and scores.p_value == table.expected["p_value"], scores
        assert isinstance(scores.explanations[0][0].surprisal, float), scores
        wrong = ask("post_models_model_score", name, body=forms.ScoreRequest(rows=[[1]]))
        assert isinstance(wrong, forms.Problem) and wrong.status == 422 and "values" in wrong.detail, wrong

        drawn = ask("get_models_model_sample", name, n=3, seed=7)
        again = ask("post_models_model_sample", name, body=forms.SampleRequest(n=3, seed=7))
        assert drawn == again and drawn.seed == 7 and len(drawn.rows) == 3, drawn
        assert drawn.to_dict() == call(f"{url}/models/{name}/sample?n=3&seed=7"), drawn
        told = forms.SampleRequestAsType1.OBJECTS
        known = forms.RowType1.from_dict({list(table.columns)[-1]: drawn.rows[0][-1]})
        given = ask("post_models_model_sample", name, body=forms.SampleRequest(n=2, seed=7, given=known, as_=told))
        assert all(row.to_dict().items() >= known.to_dict().items() for row in given.rows), given

        asked = ask("post_models_model_conditionals", name, body=forms.ConditionalsRequest(rows=drawn.rows))
        expected = call(f"{url}/models/{name}/conditionals", {"rows": drawn.rows})
        assert asked.to_dict() == expected and len(asked.conditionals) == 3, asked

        inputs = [
            forms.InferRequestInputsItem.from_dict(
                {"name": column, "datatype": datatype, "shape": [len(values)], "data": values})
            for column, (datatype, values) in table.columns.items()
        ]
        inferred = ask("post_v2_models_model_infer", name, body=forms.InferRequest(inputs=inputs))
        table.check({output.name: output.data for output in inferred.outputs}, "generated")
        predicted = ask(
            "post_v1_models_modelpredict", name,
            body=forms.PredictRequest(instances=[forms.RowType1.from_dict(row) for row in table.rows]))
        assert [entry.log_likelihood for entry in predicted.predictions] == table.expected["log_likelihood"], predicted
        assert {tensor.name for tensor in ask("get_v2_models_model", name).outputs} >= set(table.OUTPUTS)
        ask("get_models_model_drift", name)
    print(f"openapi-python-client {importlib.metadata.version('openapi-python-client')}: what it generates answers as plain HTTP")


if __name__ == "__main__":
    check(*sys.argv[1:])
