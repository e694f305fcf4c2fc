"""The model that the peers of `tidemill bench serve` answer about, and the protocol that all of them speak.

The weights are those of the version that tidemill has published: a safetensors file, dense-N.weight [in, out] and
dense-N.bias. A request is a JSON infer request of the Open Inference Protocol, and so is the answer.

A peer says on standard output where it listens, `VERSIONS at http://HOST:PORT`, or `absent REASON` where it cannot run here.
"""

import json
import socket
import struct
import sys


def absent(reason):
    print("absent " + str(reason).strip().splitlines()[0], flush=True)
    sys.exit(0)


def listening(versions, port):
    print(f"{versions} at http://127.0.0.1:{port}", flush=True)


def free_socket():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


def load(path):
    """The network in PyTorch; gives probabilities."""
    import torch

    torch.set_num_threads(1)
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())

    def tensor(name):
        entry = header[name]
        begin, end = entry["data_offsets"]
        return torch.frombuffer(data[begin:end], dtype=torch.float32).reshape(entry["shape"])

    names = sorted((n for n in header if n.endswith(".weight")), key=lambda n: int(n.split("-")[1].split(".")[0]))
    layers = []
    for name in names:
        weight, bias = tensor(name), tensor(name.replace("weight", "bias"))
        dense = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            dense.weight.copy_(weight.T)
            dense.bias.copy_(bias)
        layers += [dense, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1], torch.nn.Softmax(dim=1)).eval()


def row(request):
    """The numbers of a request's one row."""
    return request["inputs"][0]["data"]


def answer(probabilities):
    """What is answered about one row."""
    label = max(range(len(probabilities)), key=probabilities.__getitem__)
    return {
        "model_name": "mlp",
        "model_version": "1",
        "outputs": [
            {"name": "probabilities", "shape": [1, len(probabilities)], "datatype": "FP32", "data": probabilities},
            {"name": "label", "shape": [1], "datatype": "INT64", "data": [label]},
        ],
    }
