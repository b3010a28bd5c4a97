"""tritonclient: check_triton.py URL MODEL TABLE"""
import sys

import numpy
from tritonclient import http
from tritonclient.utils import InferenceServerException

from service import Table, call


def check_rows(url, model):
    client = http.InferenceServerClient(url.removeprefix("http://"))
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
    assert not client.is_model_ready("nothing") and not client.is_model_ready(model, "999")
    server = client.get_server_metadata()
    assert server["name"] == "made" and "binary_tensor_data" in server["extensions"], server
    card = client.get_model_metadata(model)
    width = card["inputs"][0]["shape"][1]
    assert card["inputs"] == [{"name": "rows", "datatype": "FP32", "shape": [-1, width]}], card
    assert client.get_model_metadata(model, card["versions"][0]) == card

    def statistics():
        return client.get_inference_statistics(model)["model_stats"][0]

    before = statistics()
    rows = numpy.random.default_rng(1).integers(0, 2, (37, width)).astype(numpy.float32)
    native = call(f"{url}/models/{model}/score", {"rows": rows.astype(int).tolist(), "per_variable": True})
    native["surprisal"] = numpy.array(native["surprisal"], numpy.float32)
    kinds = {"log_likelihood": "f8", "p_value": "f8", "anomaly": "?", "surprisal": "f4"}
    combinations = 0
    for sends_binary in (False, True):
        tensor = http.InferInput("rows", list(rows.shape), "FP32")
        tensor.set_data_from_numpy(rows, binary_data=sends_binary)
        for wants_binary in (None, False, True, "mixed"):
            outputs, names = None, ["log_likelihood", "p_value", "anomaly"]
            if wants_binary is not None:
                names = ["surprisal", "anomaly", "log_likelihood", "p_value"]
                outputs = [
                    http.InferRequestedOutput(name, binary_data=place % 2 == 0 if wants_binary == "mixed" else wants_binary)
                    for place, name in enumerate(names)
                ]
            result = client.infer(model, [tensor], outputs=outputs, request_id=f"r{combinations}")
            response = result.get_response()
            assert response["id"] == f"r{combinations}" and response["model_name"] == model, response
            assert [output["name"] for output in response["outputs"]] == names, response
            for name in names:
                values = result.as_numpy(name)
                assert values.dtype == numpy.dtype(kinds[name]), (name, values.dtype)
                assert numpy.array_equal(values, numpy.array(native[name])), (name, sends_binary, wants_binary)
            combinations += 1
    assert "id" not in client.infer(model, [tensor]).get_response()
    for sent, taken in (("gzip", None), (None, "gzip"), ("gzip", "gzip")):
        result = client.infer(
            model, [tensor], request_compression_algorithm=sent, response_compression_algorithm=taken
        )
        assert numpy.array_equal(result.as_numpy("log_likelihood"), numpy.array(native["log_likelihood"])), (sent, taken)
        combinations += 1

    after = statistics()
    # One more by /score, and one for the answer without an id.
    assert after["inference_count"] - before["inference_count"] == 37 * (combinations + 2), after
    successes = [found["inference_stats"]["success"]["count"] for found in (before, after)]
    assert successes[1] - successes[0] == combinations + 2, after
    assert 0 < after["execution_count"] - before["execution_count"] <= combinations + 2, after

    whole = http.InferInput("rows", list(rows.shape), "INT32")
    whole.set_data_from_numpy(rows.astype(numpy.int32))
    found = client.infer(model, [whole]).as_numpy("log_likelihood")
    assert numpy.array_equal(found, numpy.array(native["log_likelihood"])), found

    wrong = http.InferInput("rows", [1, width], "BYTES")
    wrong.set_data_from_numpy(numpy.full((1, width), b"0", numpy.object_))
    try:
        client.infer(model, [wrong])
        raise AssertionError("rows of texts were taken")
    except InferenceServerException as error:
        assert "FP32" in error.message() and error.status() == "400", error

    def state():
        return next(entry["state"] for entry in client.get_model_repository_index() if entry["name"] == model)

    assert state() == "READY"
    client.unload_model(model)
    assert not client.is_model_ready(model) and state() == "UNAVAILABLE"
    client.load_model(model)
    assert client.is_model_ready(model) and state() == "READY"
    client.close()
    print(f"tritonclient: {combinations} combinations of JSON and binary rows agree with /score to the bit")


def check_columns(url, name):
    table = Table(url, name)
    client = http.InferenceServerClient(url.removeprefix("http://"))
    listed = [tensor["name"] for tensor in client.get_model_metadata(name)["inputs"]]
    assert listed == [tensor["name"] for tensor in client.get_model_config(name)["input"]], listed
    combinations = 0
    for form in ("JSON", "bytes", "both"):
        tensors = []
        for place, (column, datatype, values) in enumerate(table.arrays()):
            values = values.reshape(-1, 1) if place % 3 == 0 else values
            tensor = http.InferInput(column, list(values.shape), datatype)
            # Missing numbers are NaN in the JSON too.
            tensor.set_data_from_numpy(values, binary_data=form == "bytes" or (form == "both" and place % 2 == 0))
            tensors.append(tensor)
        for wants_binary in (False, True):
            outputs = [http.InferRequestedOutput(output, binary_data=wants_binary) for output in table.OUTPUTS]
            result = client.infer(name, tensors, outputs=outputs)
            table.check({output: result.as_numpy(output) for output in table.OUTPUTS}, (form, wants_binary))
            combinations += 1
    for how in ({"parameters": table.HOLES_ARE_UNKNOWN}, {"query_params": table.HOLES_ARE_UNKNOWN}):
        result = client.infer(name, tensors, **how)
        table.check({output: result.as_numpy(output) for output in table.OUTPUTS}, how, table.unknown)
    client.close()
    print(f"tritonclient: {combinations} combinations of JSON and binary columns agree with /score to the bit")


if __name__ == "__main__":
    url, model, name = sys.argv[1:]
    check_rows(url, model)
    check_columns(url, name)
