"""What a peer of `tidemill bench train` says and hears.

The benchmark writes one request a line to standard input; each is answered by one line on standard output.

    run SECONDS    trains from the initial weights: a while unmeasured, then at least SECONDS; answers steps per second
    memory         answers the peak resident memory of this process in MiB

The first line that a peer writes is `ready NAME VERSION`, or `absent REASON` where it cannot run here.
"""

import os
import sys
import time

SETTLE_SECONDS = 0.3  # unmeasured, so that caches and thread pools are as in the middle of a training


def absent(reason):
    answer("absent " + str(reason).strip().splitlines()[0])
    sys.exit(0)


def answer(line):
    print(line, flush=True)


def stay_on_cores(count):
    """Frameworks that size their pools by the cores they may use have `count` of them."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:count])


def serve(framework, version, reset, step):
    """Answers requests until standard input ends.

    reset()  puts weights and optimiser state back to what training begins with
    step(i)  does step i and returns when it is done
    """
    step(0)  # compiles what is compiled
    answer(f"ready {framework} {version}")
    for request in sys.stdin:
        word, *arguments = request.split()
        if word == "run":
            reset()
            answer(f"{rate(step, float(arguments[0])):.4f}")
        elif word == "memory":
            answer(f"{peak_mebibytes():.1f}")
        else:
            absent(f"unknown request {word}")


def rate(step, seconds):
    done, _ = run(step, 0, SETTLE_SECONDS)
    last, took = run(step, done, seconds)
    return (last - done) / took


def run(step, first, seconds):
    i, began = first, time.perf_counter()
    while True:
        step(i)
        i += 1
        took = time.perf_counter() - began
        if took >= seconds:
            return i, took


def peak_mebibytes():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
