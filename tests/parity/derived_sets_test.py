#!/usr/bin/env python3
"""The parity program takes any set in the format of the golden files: what a file lacks is said by name, what is
there is compared, what this build cannot compute is never passed over in silence.

    derived_sets_test.py PARITY GOLDEN_FOLDER

GOLDEN_FOLDER holds swin_pretrain.json and swin_finetune.json.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

WRAP = (1 << 64) - 1


def field(seed, name, count):
    """Numbers of the recipe in tests/golden/README.md."""
    key = 0xCBF29CE484222325
    for byte in f"{seed}:{name}".encode():
        key = (key ^ byte) * 0x100000001B3 & WRAP
    numbers = []
    for i in range(count):
        z = key + (i + 1) * 0x9E3779B97F4A7C15 & WRAP
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & WRAP
        z = (z ^ z >> 27) * 0x94D049BB133111EB & WRAP
        numbers.append((((z ^ z >> 31) >> 40) - 8388608) / 8388608)
    return numbers


def mask(seed, cells, ratio):
    noise = field(seed, "mask/0", cells)
    smallest = sorted(range(cells), key=lambda cell: noise[cell])[:int(cells * ratio)]
    return [int(cell in smallest) for cell in range(cells)]


def without_numbers(pretraining, finetuning):
    for key in "loss", "mask_step0", "weight_decay":
        del pretraining[key]
    del pretraining["weight_checks"]["mask_token"]
    del pretraining["gradients"]["decoder_norm.bias"]["l2"]
    del pretraining["activations"]["stage2.out"]
    del pretraining["training"]["lr"]
    del pretraining["final_parameters"]
    pretraining["training"]["loss"] = pretraining["training"]["loss"][:3]
    del finetuning["mixup_lambda"]
    return {"swin_pretrain": pretraining, "swin_finetune": finetuning}


def other_settings(pretraining, _):
    kept = {key: pretraining[key] for key in ("config", "parameters_total", "training")}
    kept.update(seed=2, batch=3, mask_ratio=0.3, mask_step0=mask(2, 49, 0.3))
    kept["training"] = {"lr": [0.0], "hyper_parameters": dict(kept["training"]["hyper_parameters"], steps=1)}
    return {"swin_pretrain": kept}


def unknown_encoder(pretraining, finetuning):
    finetuning["config"]["encoder"] = pretraining["config"]["encoder"] = "other"
    return {"x_pretrain": pretraining, "x_finetune": finetuning, "extras": {"seed": 1, "x.384": {}, "swin.384": {}}}


def unknown_names(pretraining, _):
    pretraining["activations"]["stage9.out"] = pretraining["activations"]["stage1.out"]
    pretraining["weight_checks"]["cls_token"] = pretraining["weight_checks"]["mask_token"]
    pretraining["config"]["shift_size"][0] = 2
    pretraining["config"]["shift_size"].append(0)
    del pretraining["training"]
    return {"swin_pretrain": pretraining}


def without_config(pretraining, _):
    del pretraining["config"]["depths"]
    return {"swin_pretrain": pretraining}


# what is made of the set, the exit code, and lines: their beginning and their end, spaces between them
CASES = [
    (without_numbers, 0, [
        ("swin_pretrain loss", "skipped: no numbers in the file for step 0"),
        ("swin_pretrain mask", "skipped: the file swin_pretrain.json has no mask_step0"),
        ("swin_pretrain weights before training", "incomplete: no numbers in the file for mask_token"),
        ("swin_pretrain gradients, length", "incomplete: no numbers in the file for decoder_norm.bias"),
        ("swin_pretrain activations", "incomplete: no numbers in the file for stage2.out"),
        ("swin_pretrain training, learning rate", "skipped: no numbers in the file for training.lr"),
        ("swin_pretrain training, loss", "incomplete: no numbers in the file for step 3, step 4"),
        ("swin_pretrain weight decay and learning rate scale",
         "skipped: the file swin_pretrain.json has no weight_decay"),
        ("swin_pretrain trained parameters",
         "skipped: the file swin_pretrain.json has no training.final_parameters"),
        ("swin_finetune.json", "skipped: the file swin_finetune.json has no mixup_lambda"),
        ("swin_pretrain gradients, samples", "ok"),
        ("swin_finetune weights before training", "ok"),
    ]),
    (other_settings, 0, [
        ("swin_pretrain mask", "ok"),
        ("swin_pretrain mixing pixels = mixing tokens", "ok"),
        ("swin_pretrain training, learning rate", "ok"),
        ("swin_pretrain images", "skipped: no numbers in the file for images_step0"),
        ("swin_pretrain gradients", "skipped: the file swin_pretrain.json has no gradients"),
    ]),
    (unknown_encoder, 1, [
        ("x", "skipped: this build has no encoder other"),
        ("swin.384", "skipped: there is no swin_finetune.json"),
        ("0 quantities,", "0 numbers compared, 0 failed, 2 skipped, 0 incomplete"),
    ]),
    (unknown_names, 1, [
        ("  swin_pretrain activations: stage9.out:", "in the file, not in the model"),
        ("  swin_pretrain weights before training: cls_token:", "in the file, not in the model"),
        ("  swin_pretrain heads and windows: shift_size of stage 1:", "got 3, expected 2, tolerance 0.00e+00"),
        ("  swin_pretrain heads and windows: shift_size, how many:", "got 4, expected 5, tolerance 0.00e+00"),
        ("swin_pretrain loss", "ok"),
    ]),
    (without_config, 1, [
        ("swin_pretrain.json", "skipped: the file swin_pretrain.json has no config.depths"),
    ]),
]


def has_line(lines, begin, end):
    return any(line.startswith(begin + " ") and end in line.split("  worst:")[0][len(begin):] for line in lines)


def check(parity, golden, make, exit_code, expected):
    texts = [json.loads((golden / f"swin_{task}.json").read_text()) for task in ("pretrain", "finetune")]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in make(*texts).items():
            pathlib.Path(folder, name + ".json").write_text(json.dumps(text))
        result = subprocess.run([parity, folder], capture_output=True, text=True, check=False)
    lines = result.stdout.splitlines()
    problems = [f"no line {begin!r} ... {end!r}" for begin, end in expected if not has_line(lines, begin, end)]
    if result.returncode != exit_code:
        problems.append(f"expected exit code {exit_code}, got {result.returncode}")
    if problems:
        print(f"{make.__name__}: " + "; ".join(problems), result.stdout, result.stderr, sep="\n")
    return not problems


def main():
    parity, golden = sys.argv[1], pathlib.Path(sys.argv[2])
    results = [check(parity, golden, *case) for case in CASES]
    sys.exit(0 if all(results) else 1)


main()
