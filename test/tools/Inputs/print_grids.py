"""Prints each chip of a description of launches with the grids of its kernels."""

import json
import pathlib
import sys

for target in json.loads(pathlib.Path(sys.argv[1]).read_text())["targets"]:
    steps = [step for function in target["functions"] for step in function["steps"]]
    grids = [str(step["grid"]) for step in steps if "launch" in step]
    print(f"{target['chip']}: {' '.join(grids)}")
