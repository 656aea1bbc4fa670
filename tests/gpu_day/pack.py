#!/usr/bin/env python3
"""Packs the kit for a day with a GPU: programs, plugin, the libraries they need, golden numbers, the steps of the day.

    pack.py BUILD KIT.tar.gz [--pictures DIR]        DIR: 200 of its JPEGs travel too, to measure the pipeline with
"""
import argparse
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import libraries

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 64  # MiB
PROGRAMS = ("mixmim", "parity", "torch_model_test")
DAY = ("day.py", "steps.py", "running.py", "checks.py", "rival.py")
REFERENCE = ("reference_mixmim", "reference_swin", "reference_windows", "reference_pvt", "reference_twins",
             "reference_reduced", "reference_model", "reference_layers", "reference_training", "model_sizes")


def copy_ours(build, kit):
    """Our programs and libraries. Returns those that need others."""
    ours = []
    for program in PROGRAMS:
        ours.append(shutil.copy(build / "bin" / program, kit / "bin"))
    for library in build.glob("lib/libopencv_mixmim.so*"):
        ours.append(shutil.copy(library, kit / "lib", follow_symlinks=False))
    ours.append(shutil.copy(build / "lib/mixmim/torch_trainer.so", kit / "lib/mixmim"))
    nccl = build / "lib/mixmim/torch_trainer/nccl.so"
    if nccl.exists():
        shutil.copy(nccl, kit / "lib/mixmim/torch_trainer")
    else:
        print("left out: nccl.so, because this build has no LibTorch for CUDA (MIXMIM_CUDA=1 ./run build)")
    return [pathlib.Path(file) for file in ours if not pathlib.Path(file).is_symlink()]


def copy_texts(kit, pictures):
    for name in DAY:
        shutil.copy(ROOT / "tests/gpu_day" / name, kit)
    for name in REFERENCE:
        shutil.copy(ROOT / "tests/bench" / f"{name}.py", kit / "bench")
    shutil.copytree(ROOT / "tests/golden/parity", kit / "golden")
    if pictures:
        (kit / "pictures").mkdir()
        files = sorted(file for file in pathlib.Path(pictures).rglob("*") if file.suffix.lower() in (".jpg", ".jpeg"))
        for number, file in enumerate(files[:200]):
            shutil.copy(file, kit / "pictures" / f"{number}.jpg")


def fill(kit, build, pictures):
    for folder in ("bin", "lib/mixmim/torch_trainer", "lib3", "bench"):
        (kit / folder).mkdir(parents=True)
    ours = copy_ours(build, kit)
    for library, users in libraries.copy_needed(ours, kit / "lib3").items():
        libraries.write_stand_in(library, users, kit / "lib3")
    subprocess.run(["strip", "--strip-unneeded", *ours, *(kit / "lib3").iterdir()], check=True)
    copy_texts(kit, pictures)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("kit", type=pathlib.Path)
    parser.add_argument("--pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        kit = pathlib.Path(scratch)
        fill(kit, options.build, options.pictures)
        options.kit.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(options.kit, "w:gz") as archive:
            archive.add(kit, arcname="kit")
    size = options.kit.stat().st_size / 2**20
    if size > LIMIT:
        raise SystemExit(f"pack.py: {options.kit} is too large, expected at most {LIMIT} MiB, got {size:.0f}; leave out --pictures")
    print(f"{options.kit}: {size:.0f} MiB")


if __name__ == "__main__":
    main()
