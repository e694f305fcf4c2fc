"""FastAPI on uvicorn with the model in PyTorch, in one process. Arguments: plain, the file with the weights."""

import sys

import served_model

try:
    import fastapi
    import torch
    import uvicorn
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse
except ImportError as e:
    served_model.absent(e)


def main(path):
    model = served_model.load(path)
    app = FastAPI()

    @app.post("/infer")
    async def infer(request: Request):
        data = served_model.row(await request.json())
        with torch.inference_mode():
            probabilities = model(torch.tensor([data], dtype=torch.float32))[0].tolist()
        return JSONResponse(served_model.answer(probabilities))

    listener = served_model.free_socket()
    listener.listen(1024)
    versions = f"fastapi {fastapi.__version__} uvicorn {uvicorn.__version__} pytorch {torch.__version__}"
    served_model.listening(versions, listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])


main(sys.argv[2])
