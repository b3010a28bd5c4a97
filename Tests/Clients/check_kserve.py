"""kserve's client, protocols 1 and 2: check_kserve.py URL MODEL TABLE"""
import asyncio
import importlib.metadata
import sys

from kserve import InferInput, InferRequest, InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

from service import Table


def tensors(table, form):
    """A tensor a column: lists of Python's values, or arrays, as JSON, as raw bytes or as both in turn."""
    for place, (name, datatype, values) in enumerate(table.arrays()):
        if form == "lists":
            yield InferInput(name, [len(values), 1], datatype, data=table.columns[name][1])
            continue
        tensor = InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=form == "bytes" or (form == "both" and place % 2 == 0))
        yield tensor


async def check(url, model, name):
    table = Table(url, name)
    first = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await first.is_model_ready(url, model)
    answer = await first.infer(url, {"instances": table.rows}, model_name=name)
    assert [entry["log_likelihood"] for entry in answer["predictions"]] == table.expected["log_likelihood"], answer
    unknown = {"instances": table.rows, "parameters": table.HOLES_ARE_UNKNOWN}
    unknown = (await first.infer(url, unknown, model_name=name))["predictions"]
    table.check({output: [entry[output] for entry in unknown] for output in table.OUTPUTS}, "v1", table.unknown)
    explained = await first.explain(url, name, {"instances": table.rows})
    assert explained["predictions"] == answer["predictions"], explained

    second = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await second.is_server_live(url) and await second.is_server_ready(url)
    assert await second.is_model_ready(url, name) and not await second.is_model_ready(url, "nothing")
    combinations = 0
    for form in ("lists", "JSON", "bytes", "both"):
        for answers in (None, "JSON", "bytes", "all in bytes"):
            outputs = parameters = None
            if answers in ("JSON", "bytes"):
                outputs = [RequestedOutput(output, {"binary_data": answers == "bytes"}) for output in table.OUTPUTS]
            elif answers:
                parameters = {"binary_data_output": True}
            request = InferRequest(
                name, list(tensors(table, form)), request_id="r", parameters=parameters, request_outputs=outputs)
            response = await second.infer(url, request, model_name=name)
            assert response.id == "r" and response.model_name == name, response
            table.check({output.name: output.as_numpy() for output in response.outputs}, (form, answers))
            combinations += 1
    request = InferRequest(name, list(tensors(table, "both")), parameters=table.HOLES_ARE_UNKNOWN)
    response = await second.infer(url, request, model_name=name)
    table.check({output.name: output.as_numpy() for output in response.outputs}, "unknown", table.unknown)
    version = importlib.metadata.version("kserve")
    print(f"kserve {version}: {combinations} combinations of JSON and binary columns agree with /score to the bit")


if __name__ == "__main__":
    asyncio.run(check(*sys.argv[1:]))
