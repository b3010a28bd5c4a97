"""MLServer's codecs for data frames and arrays: check_mlserver.py URL MODEL TABLE"""
import importlib.metadata
import sys
import urllib.request

import numpy
import pandas
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse

from service import Table, call


def infer(url, model, request):
    body = request.model_dump_json().encode()
    post = urllib.request.Request(f"{url}/v2/models/{model}/infer", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(post, timeout=30) as answer:
        return InferenceResponse.model_validate_json(answer.read())


def check(url, model, name):
    table = Table(url, name)
    # pandas makes columns of texts a type of their own, which the codec does not know.
    frame = pandas.DataFrame({
        column: pandas.Series(values, dtype=object if datatype == "BYTES" else None)
        for column, datatype, values in table.arrays()
    })
    # Where some of a column's objects are no texts the codec sends each as JSON in a text.
    mixed = frame.copy()
    for column, datatype, values in table.arrays():
        if datatype == "BYTES" and table.takes_unseen:
            mixed[column] = pandas.Series([7, *values[1:]], dtype=object)
    for how, sent in (("texts", frame), ("objects", mixed)):
        rows = sent.astype(object).where(sent.notna(), None).to_dict("records")
        table.expected = call(f"{url}/models/{name}/score", {"rows": rows})
        for use_bytes in (True, False):
            response = infer(url, name, PandasCodec.encode_request(sent, use_bytes=use_bytes))
            table.check(PandasCodec.decode_response(response), how)
            table.check({output.name: NumpyCodec.decode_output(output).ravel() for output in response.outputs}, how)

    width = len(call(f"{url}/models/{model}")["variables"])
    rows = numpy.random.default_rng(2).integers(0, 2, (9, width))
    request = InferenceRequest(
        inputs=[NumpyCodec.encode_input("rows", rows)], outputs=[{"name": "log_likelihood"}, {"name": "surprisal"}])
    found = {output.name: NumpyCodec.decode_output(output) for output in infer(url, model, request).outputs}
    native = call(f"{url}/models/{model}/score", {"rows": rows.tolist(), "per_variable": True})
    assert found["log_likelihood"].ravel().tolist() == native["log_likelihood"], found
    assert (found["surprisal"] == numpy.array(native["surprisal"], numpy.float32)).all(), found

    assert MetadataServerResponse.model_validate(call(f"{url}/v2")).name == "made"
    assert MetadataModelResponse.model_validate(call(f"{url}/v2/models/{name}")).inputs
    print(f"mlserver {importlib.metadata.version('mlserver')}: data frames and arrays agree with /score to the bit")


if __name__ == "__main__":
    check(*sys.argv[1:])
