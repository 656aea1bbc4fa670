"""How the test runs the commands of README.md, CONTRIBUTING.md and docs/: the one table to edit when a document changes.

A command is a line of a block marked ```sh. Every command must begin like one of COMMANDS, and every line of this file must
be needed by some document, or the test fails.
"""
import dataclasses


# What happens with a command.
@dataclasses.dataclass(frozen=True)
class Run:
    """Run with the words in `smaller` instead of the document's for the same options."""

    smaller: str = ""
    trainer: bool = False  # needs LibTorch: without it, only the options are checked


@dataclasses.dataclass(frozen=True)
class Options:
    """Not run. Of `mixmim` the options are checked: in an empty folder it must fail for want of data, not for its words. Of
    `./run` the verb is; `check` is a command that checks what follows it."""

    reason: str
    check: str = ""


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """Not run here: `file`, a test, runs it and holds `text`."""

    file: str
    text: str


SMALL = "--model small --size 32 --batch 4 --data.ring 2 --threads 2 --epochs 1 --optim.warmupEpochs 0 --run.pictureEpochs 0"

# The longest beginning that fits counts.
COMMANDS = {
    "mixmim check": Run(),
    "mixmim pretrain": Run(SMALL, trainer=True),
    "mixmim finetune": Run(SMALL, trainer=True),
    "mixmim probe": Run(trainer=True),
    "mixmim eval": Run(trainer=True),
    "mixmim export": Run(trainer=True),
    "mixmim info": Run(trainer=True),
    "mixmim config": Run(trainer=True),
    "mixmim report": Run(trainer=True),
    "mixmim pretrain --data pictures/ --out runs/pretrained --model base --nproc 8": Options("needs eight GPUs"),
    "torchrun": Options("needs two machines with GPUs, and PyTorch's launcher"),
    "srun": Options("needs a cluster"),
    "mixmim bench train": Run("--model small --size 32 --batch 2 --seconds 1", trainer=True),
    "./run demo": Options("trains for five minutes"),
    "./run build": Options("installs packages and builds everything"),
    "./run test": Options("is what runs this test"),
    "./run lint": Options("runs for minutes; continuous integration runs it"),
    "./run docs": Options("lint does the same"),
    "./run gpu-kit": Options("trains for minutes, with another PyTorch"),
    "tar -xzf kit.tar.gz": Options("needs a GPU; ./run gpu-kit rehearses it"),
    "./run coverage": Options("builds everything once more"),
    "./run bench train": Options("fetches PyTorch, 4 GB", "python3 tests/bench/train.py build build --only-check-options"),
    "tensorboard": Options("is not part of this project"),
    "cmake --preset": Options("builds everything once more"),
    "cmake --install": Elsewhere("tests/consumer/consumer_test.sh", 'cmake --install "$build" --prefix'),
    "cmake --build build --target uninstall": Elsewhere("tests/consumer/consumer_test.sh", "packaging/uninstall.cmake"),
    "cd build-packages && cpack": Elsewhere("tests/packages/packages_test.sh", "cpack -G DEB"),
    "apt-get install": Elsewhere("tests/packages/fresh_system.sh", "apt-get install"),
    "cmake -S app": Elsewhere("tests/consumer/consumer_test.sh", 'cmake -S "$here/app"'),
    "cmake -S opencv": Options("builds OpenCV; tests/opencv_module does the same with a stand-in"),
    "cmake --build opencv/build": Options("builds OpenCV"),
    "cmake -S mixmim": Options("needs that OpenCV"),
    "cmake --build mixmim/build": Options("needs that OpenCV"),
}

# What a document says, and what is run instead: everything that a scratch folder has under another name.
SUBSTITUTIONS = [
    ("build/bin/mixmim", "mixmim"),
    ("runs/from_scratch", "runs/pretrained"),
    ("pictures/val", "val"),
]
