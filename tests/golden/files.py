"""Makes the small files of other programs' hands that the tests of nn/data and nn/serialize read.

Needs NumPy and safetensors (PyPI). Run in this folder.
"""

import gzip
import struct

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
        "scalar": np.array(0.1),
        "steps": np.array([-1, 2**40], dtype=np.int64),
        "counts": np.array([[7], [-8]], dtype=np.int32),
        "bytes": np.array([0, 128, 255], dtype=np.uint8),
        "flags": np.array([True, False, True]),
        "empty": np.zeros((0, 4), dtype=np.float32),
    },
    "python.safetensors",
    metadata={"made by": "safetensors für Python"},
)

header = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 3, 4)
with open("pictures-idx3-ubyte.gz", "wb") as file:
    file.write(gzip.compress(header + bytes(range(0, 240, 10)), mtime=0))
