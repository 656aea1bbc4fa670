"""Writes tests/golden/dense: what the project's tests need of the golden numbers of the dense tasks, which a reference in
PyTorch, NumPy and OpenCV computed (sizes, distorted pictures, the choice of a crop, a confusion matrix).

    python tests/golden/dense.py FOLDER        FOLDER: transforms.json and segmentation.json as the reference wrote them
"""
import json
import pathlib
import sys

SOURCE, TARGET = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent / "dense"
PARTS = {"transforms": ["rescaled", "distort", "crop_choice", "reduce_zero_label"], "segmentation": ["miou"]}

TARGET.mkdir(exist_ok=True)
for name, parts in PARTS.items():
    numbers = json.loads((SOURCE / f"{name}.json").read_text())
    kept = {part: numbers[part] for part in parts}
    (TARGET / f"{name}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")
