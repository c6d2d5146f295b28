"""Writes NumPy arrays as IDX files, which sweeps name by `dataset: { name: idx, dir: FOLDER }`:

    python examples/write_idx.py FOLDER

The images here are noise, brighter in the left half (label 0) or in the right one (label 1).
"""

import sys
from pathlib import Path

import numpy as np


def write_idx(path: Path, values: np.ndarray) -> None:
    """values: integers from 0 to 255. Images are count x rows x columns, labels count."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    path.write_bytes(header + values.astype(np.uint8).tobytes())


folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/halves")
folder.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(1)
for name, count in [("train", 4000), ("t10k", 1000)]:
    labels = random.integers(0, 2, count)
    images = 0.75 * random.uniform(0, 255, (count, 8, 8))
    for half in (0, 1):
        images[labels == half, :, 4 * half : 4 * half + 4] /= 0.75
    write_idx(folder / f"{name}-images-idx3-ubyte", images)
    write_idx(folder / f"{name}-labels-idx1-ubyte", labels)
