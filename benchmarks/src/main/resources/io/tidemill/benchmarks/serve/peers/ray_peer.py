"""Ray Serve with the model in PyTorch, a replica. Arguments: plain or batched, the file with the weights.

Batched: requests that come within 2 ms of each other ride together, 32 at most, by Ray's own serve.batch.
"""

import os
import signal
import sys
import threading

import served_model

try:
    import ray
    import torch
    from ray import serve
    from starlette.requests import Request
    from starlette.responses import JSONResponse
except ImportError as e:
    served_model.absent(e)


class Plain:
    def __init__(self, path):
        self.model = served_model.load(path)

    def run(self, rows):
        with torch.inference_mode():
            return self.model(torch.tensor(rows, dtype=torch.float32)).tolist()

    async def __call__(self, request: Request):
        return JSONResponse(served_model.answer(self.run([served_model.row(await request.json())])[0]))


class Batched(Plain):
    @serve.batch(max_batch_size=32, batch_wait_timeout_s=0.002)
    async def together(self, rows):
        return self.run(rows)

    async def __call__(self, request: Request):
        return JSONResponse(served_model.answer(await self.together(served_model.row(await request.json()))))


def main(mode, path):
    listener = served_model.free_socket()
    port = listener.getsockname()[1]
    listener.close()
    here = os.path.dirname(os.path.abspath(__file__))
    ray.init(
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        runtime_env={"env_vars": {"PYTHONPATH": here}},
    )
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    deployment = serve.deployment(Batched if mode == "batched" else Plain).options(
        max_ongoing_requests=256, ray_actor_options={"num_cpus": 1}, logging_config={"enable_access_log": False}
    )
    serve.run(deployment.bind(path), route_prefix="/infer")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())  # after Ray's own
    served_model.listening(f"ray {ray.__version__} pytorch {torch.__version__}", port)
    stop.wait()
    serve.shutdown()
    ray.shutdown()


main(sys.argv[1], sys.argv[2])
