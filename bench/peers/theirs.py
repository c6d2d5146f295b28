"""PyTorch's side of the comparison, written as a good researcher would: dense float32, one thread, no autograd, the
gradient in two matrix products, one matrix-vector product for each distinct neuron that is selected.

    theirs.py --probe                  what this PyTorch is, and how fast its matrix product
    theirs.py --unit KIND FOLDER       measures the case that ours.mjs prepared in FOLDER, prints JSON

    f(x) = mean_i b_i relu(a_i . x), squared loss, first layer; weights a are N x d.
"""
import ctypes
import gzip
import itertools
import json
import os
import re
import sys
import time

import numpy as np
import torch

torch.set_num_threads(1)
torch.set_grad_enabled(False)

CHUNK = 512


class Case:
    """What ours.mjs wrote: sizes in case.json, arrays as .npy; MNIST is read from its own files."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "case.json")) as file:
            self.__dict__.update(json.load(file))

    def array(self, name):
        return np.load(os.path.join(self.folder, name + ".npy"))

    def tensor(self, name):
        return torch.from_numpy(self.array(name))

    def save(self, name, values):
        np.save(os.path.join(self.folder, name + ".npy"), values)

    def image_set(self, split):
        """Inputs and labels of a whole set: the training pool or the test set."""
        if self.mnist is None:
            return self.tensor(split + "_inputs"), self.tensor(split + "_labels")
        role = "train" if split == "pool" else "test"
        pixels = read_idx(self.mnist[role + "-images"])
        digits = read_idx(self.mnist[role + "-labels"])
        inputs = pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)
        return torch.from_numpy(inputs), torch.from_numpy(np.where(digits >= 5, 1, -1).astype(np.float32))

    def training_set(self):
        """Inputs and labels of the n samples, and the whole pool they are drawn from."""
        if self.kind == "dense":
            return self.tensor("inputs"), self.tensor("labels"), None
        pool = self.image_set("pool")
        samples = self.tensor("samples").long()
        return pool[0][samples], pool[1][samples], pool


def read_idx(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        content = file.read()
    dimensions = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(dimensions)).reshape(dimensions)


class Network:
    def __init__(self, weights, signs, rate):
        self.weights, self.signs, self.rate = weights, signs, rate
        self.shares = signs / len(signs)

    def step(self, x, y):
        z = x @ self.weights.t()
        slopes = (torch.relu(z) @ self.shares - y) / len(y)
        deltas = torch.ops.aten.threshold_backward(torch.outer(slopes, self.signs), z, 0)
        self.weights.addmm_(deltas.t(), x, alpha=-self.rate)

    def outputs(self, x, neurons=slice(None), shares=None):
        weights, shares = self.weights[neurons], self.shares if shares is None else shares
        return torch.cat([torch.relu(rows @ weights.t()) @ shares for rows in x.split(2048)])

    def activations(self, x, y, out):
        """Phi (N x n), written to `out`; <Phi_i, y>, ||Phi_i||^2 and f. In chunks of neurons, which caches like."""
        p, norms, f = [], [], torch.zeros(len(x))
        for first in range(0, len(self.weights), CHUNK):
            chunk = out[first : first + CHUNK]
            torch.mm(self.weights[first : first + CHUNK], x.t(), out=chunk)
            chunk.relu_().mul_(self.signs[first : first + CHUNK, None])
            p.append(chunk @ y)
            norms.append(torch.linalg.vector_norm(chunk, dim=1) ** 2)
            f += chunk.sum(0)
        return torch.cat(p).double(), torch.cat(norms).double(), f / len(self.weights)


def select(phi, p, norms, k):
    """Greedy forward selection, exact: score_q = 2 <Phi_q, z> - 2 j <Phi_q, y> + ||Phi_q||^2."""
    g = torch.zeros_like(p)
    columns, picks = {}, []
    for j in range(1, k + 1):
        q = int((2 * (g - j * p) + norms).argmin())
        picks.append(q)
        if j < k:
            if q not in columns:
                columns[q] = (phi @ phi[q]).double()
            g += columns[q]
    return picks


def loss_and_accuracy(outputs, labels):
    return [float((outputs - labels).double().square().mean() / 2), float((outputs * labels > 0).double().mean())]


def checkpoint(network, x, y, phi, k, pool=None, test=None):
    """What a checkpoint of a sweep records: dense and subnetwork on the training set, and on pool and test set where
    these are given."""
    p, norms, f = network.activations(x, y, phi)
    picks = select(phi, p, norms, k)
    neurons, counts = np.unique(picks, return_counts=True)
    counts = torch.from_numpy(counts).float() / k
    shares = counts * network.signs[neurons]
    metrics = {
        "picks": picks,
        "dense_train": loss_and_accuracy(f, y),
        "subnet_train": loss_and_accuracy(counts @ phi[neurons], y),
    }
    if test:
        metrics["dense_test"] = loss_and_accuracy(network.outputs(test[0]), test[1])
        for name, (inputs, labels) in (("pool", pool), ("test", test)):
            metrics["subnet_" + name] = loss_and_accuracy(network.outputs(inputs, neurons, shares), labels)
    return metrics


def timed(work):
    """CPU seconds, wall seconds, and what the work returns."""
    began = time.process_time(), time.perf_counter()
    result = work()
    return time.process_time() - began[0], time.perf_counter() - began[1], result


def repeat(case, work, units=1):
    """Seconds of each repeat, for one of its units, and the first result."""
    cpu, wall, results = zip(*[timed(work) for _ in range(case.repeats)])
    return {"cpu": [s / units for s in cpu], "wall": [s / units for s in wall]}, results[0]


def measure_steps(case):
    x, y, _ = case.training_set()
    network = Network(case.tensor("weights"), case.tensor("signs"), case.rate)
    batches = case.tensor("batches").long()

    upcoming = iter(batches)

    def steps(count):
        for batch in itertools.islice(upcoming, count):
            network.step(x[batch], y[batch])

    steps(case.warm)
    case.save("theirs_weights", network.weights.numpy())
    times, _ = repeat(case, lambda: steps(case.steps), case.steps)
    return times


def measure_checkpoint(case):
    x, y, pool = case.training_set()
    test = case.image_set("test")
    network = Network(case.tensor("weights"), case.tensor("signs"), case.rate)
    phi = torch.empty(len(network.weights), len(x))
    work = lambda: checkpoint(network, x, y, phi, case.k, pool, test)
    for _ in range(case.warm):
        work()
    times, metrics = repeat(case, work)
    case.save("theirs_picks", np.array(metrics["picks"], np.int32))
    return {**times, "metrics": metrics, "distinct": len(set(metrics["picks"]))}


def measure_published(case):
    """The published selection: a forward pass for each candidate at each pick. It is let off lightly: the sum of the
    neurons picked so far is kept, so that a forward pass is that of the candidate alone. The time of all k picks is
    estimated from three picks, and from every so many'th candidate."""
    x, y, _ = case.training_set()
    network = Network(case.tensor("weights"), case.tensor("signs"), case.rate)
    width = len(network.weights)
    candidates = range(0, width, max(1, width // case.candidates))
    z = torch.zeros(len(x))
    cpu, wall = [], []
    scale = case.k * width / len(candidates)

    def pick(j):
        best, least = -1, float("inf")
        for q in candidates:
            outputs = (z + network.signs[q] * torch.relu(x @ network.weights[q])) / j
            loss = float((outputs - y).square().mean())
            if loss < least:
                best, least = q, loss
        return best

    for j in range(1, 4):
        cpu_seconds, wall_seconds, q = timed(lambda: pick(j))
        z += network.signs[q] * torch.relu(x @ network.weights[q])
        cpu.append(cpu_seconds * scale)
        wall.append(wall_seconds * scale)
    return {"cpu": cpu, "wall": wall}


def measure_trajectory(case):
    x, y, _ = case.training_set()
    start = case.tensor("weights")
    batches = case.tensor("batches").long()
    phi = torch.empty(len(start), len(x))

    def trajectory():
        network = Network(start.clone(), case.tensor("signs"), case.rate)
        losses, done = [], 0
        for t in case.checkpoints:
            for batch in batches[done:t]:
                network.step(x[batch], y[batch])
            done = t
            metrics = checkpoint(network, x, y, phi, case.k)
            losses.append([metrics["dense_train"][0], metrics["subnet_train"][0]])
        return losses

    times, losses = repeat(case, trajectory)
    return {**times, "losses": losses}


def blas():
    """The library that multiplies matrices, and the kernels that it chose. Debian calls all of them libblas.so.3."""
    with open("/proc/self/maps") as file:
        found = re.findall(r"(/\S*/lib[^/\s]*(?:blas|mkl_rt|mkl_core)[^/\s]*)$", file.read(), re.MULTILINE)
    for path in dict.fromkeys(found):
        name = os.path.basename(path)
        if "mkl" in name:
            return {"library": "MKL " + name, "core": os.environ.get("MKL_ENABLE_INSTRUCTIONS")}
        try:
            core = ctypes.CDLL(path).openblas_get_corename
            core.restype = ctypes.c_char_p
            return {"library": "OpenBLAS " + name, "core": core().decode()}
        except (AttributeError, OSError):
            continue
    return {"library": "reference BLAS " + os.path.basename(found[0]) if found else None, "core": None}


def probe():
    a, b = torch.rand(2000, 784), torch.rand(128, 784)
    seconds = min(timed(lambda: b @ a.t())[0] for _ in range(9))
    capability = re.search(r"CPU capability usage: (\S+)", torch.__config__.show())
    return {
        "torch": torch.__version__,
        "capability": capability and capability[1],
        **blas(),
        "gflops": 2 * a.numel() * 128 / seconds / 1e9,
    }


UNITS = {
    "step": measure_steps,
    "dense": measure_steps,
    "checkpoint": measure_checkpoint,
    "published": measure_published,
    "trajectory": measure_trajectory,
    "trajectory-wide": measure_trajectory,
}

if __name__ == "__main__":
    print(json.dumps(probe() if sys.argv[1] == "--probe" else UNITS[sys.argv[2]](Case(sys.argv[3]))))
