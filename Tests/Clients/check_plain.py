"""Plain HTTP, for KServe's first protocol and SageMaker: check_plain.py URL MODEL TABLE"""
import json
import subprocess
import sys

from service import call


def check_predict(url, model):
    card = call(f"{url}/models/{model}")
    names = [variable["name"] for variable in card["variables"]]
    assert model in call(f"{url}/v1/models")["models"]
    assert call(f"{url}/v1/models/{model}") == {"name": model, "ready": True}
    instances = [[1] * len(names), dict.fromkeys(names, 0)]
    native = call(f"{url}/models/{model}/score", {"rows": instances, "explain": len(names)})
    fields = ["log_likelihood", "p_value", "anomaly", "score"]
    expected = [dict(zip(fields, values)) for values in zip(*(native[field] for field in fields))]
    assert call(f"{url}/v1/models/{model}:predict", {"instances": instances}) == {"predictions": expected}
    explained = call(f"{url}/v1/models/{model}:explain", {"instances": instances})
    assert explained["predictions"] == expected, explained
    assert explained["explanations"] == native["explanations"], explained
    print("KServe v1: predict and explain agree with /score")

    def curl(*arguments):
        return subprocess.run(["curl", "-sS", "-w", "%{http_code}", *arguments], capture_output=True, text=True).stdout

    assert curl(f"{url}/ping") == "200"
    header = ["-H", "Content-Type: application/json"]
    answer = curl(f"{url}/invocations", *header, "-d", json.dumps({"rows": instances}))
    assert answer.endswith("200") and json.loads(answer[:-3])["p_value"] == native["p_value"], answer
    answer = curl(f"{url}/invocations", *header, "-d", json.dumps({"instances": instances}))
    assert answer.endswith("200") and json.loads(answer[:-3]) == {"predictions": expected}, answer
    print("SageMaker: /ping and /invocations answer curl")


if __name__ == "__main__":
    check_predict(*sys.argv[1:3])
