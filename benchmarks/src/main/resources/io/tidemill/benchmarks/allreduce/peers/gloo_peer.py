"""All-reduce by PyTorch Gloo: RANKS BYTES FOLDER, then RANK for all but the first process.

The first process speaks the protocol of the benchmark: it says `ready pytorch VERSION` or `absent REASON`, answers each line
`run SECONDS` by all-reduces per second, and ends with its standard input. It starts the others and tells them by a broadcast
how many all-reduces come next; 0 ends them.
"""

import os
import subprocess
import sys
import time
from datetime import timedelta

BATCH_SECONDS = 0.02


def main():
    ranks, size, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rank = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    try:
        import torch
        import torch.distributed as dist
    except ImportError as e:
        print(f"absent {e}", flush=True)
        return
    torch.set_num_threads(1)
    if rank == 0:
        for other in range(1, ranks):
            subprocess.Popen([sys.executable, *sys.argv, str(other)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{os.path.join(folder, f'gloo-{ranks}-{size}')}",
        rank=rank,
        world_size=ranks,
        timeout=timedelta(minutes=30),
    )
    count = torch.zeros(1, dtype=torch.int64)
    vector = torch.zeros(size // 4)

    def batch(n):
        count[0] = n
        dist.broadcast(count, 0)
        for _ in range(int(count[0])):
            dist.all_reduce(vector)
        return int(count[0])

    if rank != 0:
        while batch(0):
            pass
        return
    print(f"ready pytorch {torch.__version__}", flush=True)
    n = 1
    for request in sys.stdin:
        seconds = float(request.split()[1])
        began, done, took = time.perf_counter(), 0, 0.0
        while took < seconds:
            done += batch(n)
            took = time.perf_counter() - began
            n = max(1, int(BATCH_SECONDS * done / took))
        print(f"{done / took:.4f}", flush=True)
    batch(0)


main()
