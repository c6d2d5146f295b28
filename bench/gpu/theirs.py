"""Units of `espalier bench` in PyTorch with CUDA, dense float32 without TF32; prints JSON, or fails without CUDA.

--cpu runs them on the processor, to see that they run.
"""

import json
import sys
import time

import torch

QUICK = "--quick" in sys.argv
DEVICE = "cpu" if "--cpu" in sys.argv else "cuda"
if DEVICE == "cuda" and not torch.cuda.is_available():
    sys.exit("no CUDA")
torch.backends.cuda.matmul.allow_tf32 = False

SAMPLES, WIDTH, NARROW = (300, 96, 24) if QUICK else (10_000, 10_000, 1000)
COLUMNS, BATCH, GRAM = 784, 32 if QUICK else 128, 8


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def seconds_of(work, repeats):
    """Median seconds of one call, of five rounds of `repeats`."""
    work()
    rounds = []
    for _ in range(5):
        synchronize()
        started = time.perf_counter()
        for _ in range(repeats):
            work()
        synchronize()
        rounds.append((time.perf_counter() - started) / repeats)
    return sorted(rounds)[2]


def make(width):
    torch.manual_seed(0)
    x = torch.rand(SAMPLES, COLUMNS, device=DEVICE)
    y = torch.sign(torch.rand(SAMPLES, device=DEVICE) - 0.5)
    w = torch.randn(width, COLUMNS, device=DEVICE) * (2 / COLUMNS) ** 0.5
    b = torch.sign(torch.rand(width, device=DEVICE) - 0.5)
    return x, y, w, b


def step_seconds(width):
    x, y, w, b = make(width)
    batch = torch.randperm(SAMPLES, device=DEVICE)[:BATCH]

    def step():
        rows = x[batch]
        z = rows @ w.T
        slope = (torch.relu(z) @ b) / width - y[batch]
        delta = (z > 0) * (slope[:, None] * b[None, :] / BATCH)
        w.sub_(delta.T @ rows, alpha=0.1)

    return seconds_of(step, 2 if QUICK else 100)


def activations():
    x, _, w, b = make(WIDTH)
    return torch.relu(x @ w.T) * b


phi = activations()
columns = phi[:, :GRAM].contiguous()
seconds = {
    "step": step_seconds(WIDTH),
    "step-narrow": step_seconds(NARROW),
    "activations": seconds_of(activations, 1 if QUICK else 5),
    "gram": seconds_of(lambda: (phi.T @ columns).cpu(), 1 if QUICK else 10),
}
device = torch.cuda.get_device_name() if DEVICE == "cuda" else "the processor"
print(json.dumps({"version": torch.__version__, "device": device, "seconds": seconds}))
