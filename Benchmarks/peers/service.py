"""What one would write instead of a server: FastAPI, raw bodies, orjson both ways, the model run in the handler.

Started by uvicorn; MODEL_FOLDER and MODEL say which model.
"""

import os

import numpy as np
import orjson
from fastapi import FastAPI, Request, Response

import onnx_model

app = FastAPI()
session = onnx_model.session(os.environ["MODEL_FOLDER"], os.environ["MODEL"])


@app.post("/score")
async def score(request: Request):
    rows = np.asarray(orjson.loads(await request.body())["rows"], dtype=np.float32)
    answer = {"log_likelihood": session.run(None, {"rows": rows})[0]}
    return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
