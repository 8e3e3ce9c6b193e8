"""Runs a function on damaged copies of a file: damage.py MODULE X FILE COUNT.

Each copy of the .safetensors FILE has a few bits of its streams flipped, or
lacks its end. With a guard page behind every array, zq-run must either run to the end, with the damage in values that
any bits may have, or say in one line what is wrong and exit with 1.
"""

import pathlib
import random
import struct
import subprocess
import sys

module, x, source, count = sys.argv[1:]
original = pathlib.Path(source).read_bytes()
begin = 8 + struct.unpack("<Q", original[:8])[0]
copy = pathlib.Path(source + ".damaged.safetensors")
rng = random.Random(1)
outcomes = {"ran": 0, "refused": 0}
for _ in range(int(count)):
    data = bytearray(original)
    if rng.random() < 0.2:
        del data[rng.randrange(len(data)) :]
    else:
        for _ in range(rng.choice([1, 1, 4])):
            data[rng.randrange(begin, len(data))] ^= 1 << rng.randrange(8)
    copy.write_bytes(data)
    command = ["zq-run", module, "--guard-pages", "--input", x]
    command += ["--input", f"{copy}:w"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0:
        outcomes["ran"] += 1
    elif run.returncode == 1 and len(run.stderr.splitlines()) == 1:
        outcomes["refused"] += 1
    else:
        sys.exit(f"exit status {run.returncode}:\n{run.stderr[:2000]}")
print(f"{count} damaged files: {outcomes['ran']} ran,", end=" ")
print(f"{outcomes['refused']} refused")
