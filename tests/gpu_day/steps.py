"""The steps of the day, in their order. Each asks one question; a later one may use what an earlier one left."""
import shutil

import checks
from running import KIT

SMALL = ("--model small --size 64 --batch 16 --epochs 1 --optim.warmupEpochs 0 --lr 1e-3 --run.logSteps 1 --run.pictureEpochs 0 "
         "--threads 4 --run.checkpointEpochs 0.48").split()
TUNED = "--augment.erase 0.25 --model.dropPath 0.1 --optim.ema 0.99 --optim.clipNorm 1".split()


def shapes(day):
    """A data set made in code, once."""
    folder = day.work / "shapes"
    if not folder.exists():
        day.ours("shapes", 60, "mixmim", "make-shapes", "--out", folder, "--per-class", 40, "--size", 64)
    return folder


def pretrained(day, name, *words, device=None):
    """A short pretraining of a small model, once for each name; its folder."""
    run = day.work / name
    if not run.exists():
        day.ours(name, 120, "mixmim", "pretrain", "--data", shapes(day) / "train", *SMALL, "--out", run,
                 "--device", device or day.device, *words)
    return run


def finetuned(day, name, device):
    run, data = day.work / name, shapes(day)
    day.ours(name, 120, "mixmim", "finetune", "--data", data / "train", "--val", data / "val", *SMALL, *TUNED, "--out", run,
             "--device", device, "--init", pretrained(day, "cpu", device="cpu"))
    return run


def info(day):
    """Is the device there? Without it the day is over."""
    day.run("nvidia-smi", 20, ["nvidia-smi"] if shutil.which("nvidia-smi") else ["echo", "nvidia-smi is not there"])
    said = day.ours("info", 60, "mixmim", "info", "--json")
    if f'"{day.device}' not in said.said:
        raise SystemExit(f"day.py: mixmim info lists no {day.device}; its reason is in day.log")


def smoke(day):
    """Do the first kernels, streams, pinned memory and optimiser steps run?"""
    for name, words in (("float32", []), ("bfloat16", ["--precision", "bfloat16"]), ("finetune", ["--recipe", "finetune"])):
        day.ours(f"smoke {name}", 60, "mixmim", "bench", "train", "--json", "--device", day.device, "--model", "tiny", "--batch", 8,
                 "--seconds", day.seconds(3), *words)


def parity(day):
    """Does the device compute what the CPU computes? TF32 would show as 1e-3 in the loss."""
    cpu = pretrained(day, "cpu", device="cpu")
    day.judge("parity float32", checks.same_metrics, cpu, pretrained(day, "device"), 5, 2e-5, 2e-4)
    half = pretrained(day, "bfloat16", "--precision", "bfloat16")
    day.judge("parity bfloat16", checks.same_metrics, cpu, half, 5, 1e-3, 1e-2)
    tuned = finetuned(day, "cpu finetune", "cpu")
    day.judge("parity finetune", checks.same_metrics, tuned, finetuned(day, "device finetune", day.device), 5, 2e-5, 2e-4)
    said = [day.ours(f"{name} eval", 60, "mixmim", "eval", "--json", "--model", tuned, "--data", shapes(day) / "val", "--device",
                     device).said for name, device in (("cpu", "cpu"), ("device", day.device))]
    day.judge("parity eval", checks.same_answers, *said, 1e-4)
    pictures = sorted(file for file in (shapes(day) / "val").rglob("*") if file.is_file())[:8]
    day.ours("show", 60, "mixmim", "show", "--init", cpu, *pictures, "--out", day.out / "mixtures.png", "--device", day.device)


def golden(day):
    """Are the published model's numbers met?"""
    for precision in ("float32", "bfloat16"):
        day.ours(f"golden {precision}", 120, "parity", "--device", day.device, "--precision", precision, KIT / "golden")


def taken_back(run):
    """Removes all checkpoints but the first, so that a run goes on from its middle."""
    checkpoints = run / "checkpoints"
    steps = sorted(checkpoints.glob("step-*"), key=lambda path: int(path.name[5:]))
    for later in (*steps[1:], *checkpoints.glob("last*")):
        later.unlink() if later.is_symlink() else shutil.rmtree(later)
    return len(steps) > 1, f"{len(steps)} checkpoints, all but {steps[0].name} removed"


def own(day):
    """Do our own kernels compute what LibTorch's operators compute, and how fast?"""
    said = day.ours("own kernels", 90, "torch_model_test", "--gtest_filter=*onTheGpu").said
    day.judge("own kernels ran", checks.none_skipped, said)
    choice = ("--run.gpuKernels", "own")
    cpu = pretrained(day, "cpu", device="cpu")
    day.judge("own float32", checks.same_metrics, cpu, pretrained(day, "own", *choice), 5, 2e-5, 2e-4)
    half = pretrained(day, "own bfloat16", "--precision", "bfloat16", *choice)
    day.judge("own bfloat16", checks.same_metrics, cpu, half, 5, 1e-3, 1e-2)
    day.judge("own, the same twice", checks.same_state, half, pretrained(day, "own again", "--precision", "bfloat16", *choice))
    measured(day, "base bfloat16 256, own", 8, "--batch", 256, "--precision", "bfloat16", *choice)


def repeat(day):
    """Do two runs agree to the bit, and an interrupted one with an undisturbed one?"""
    once = pretrained(day, "device")
    day.judge("the same twice", checks.same_state, once, pretrained(day, "again"))
    half = pretrained(day, "half")
    day.judge("taken back", taken_back, half)
    day.ours("resumed", 60, "mixmim", "pretrain", "--data", shapes(day) / "train", *SMALL, "--out", half, "--device", day.device,
             "--resume", "auto")
    day.judge("resumed is the same", checks.same_state, once, half)


def measured(day, name, seconds, *words):
    """A training step of `base`, or of the model that `words` name, as a line of results.jsonl."""
    model = () if "--model" in words else ("--model", "base")
    done = day.ours(name, 60, "mixmim", "bench", "train", "--json", "--device", day.device, *model, *words, "--seconds",
                    day.seconds(seconds))
    if done.code == 0:
        day.record(name, done.last_line)


def speed(day):
    """How fast is a step?"""
    half = ("--precision", "bfloat16")
    for batch in (256, 64, 16):
        measured(day, f"base bfloat16 {batch}", 8, "--batch", batch, *half)
    measured(day, "base float32 64", 5, "--batch", 64)
    measured(day, "finetune bfloat16 256", 6, "--recipe", "finetune", "--batch", 256, *half)
    measured(day, "large bfloat16 128", 5, "--model", "large", "--batch", 128, *half)


def data(day):
    """Does the pipeline feed the device? With real pictures, where they travelled."""
    source, many = KIT / "pictures" if (KIT / "pictures").exists() else shapes(day) / "train", day.work / "many"
    for copy in range(40):
        shutil.copytree(source, many / str(copy))
    day.ours("pipeline", 40, "mixmim", "bench", "pipeline", "--json", "--data", many, "--size", 224, "--batch", 256, "--seconds",
             day.seconds(6))
    run = day.work / "fed"
    day.ours("fed", 90, "mixmim", "pretrain", "--data", many, "--out", run, "--model", "base", "--batch", 256, "--epochs", 2,
             "--precision", "bfloat16", "--device", day.device, "--run.logSteps", 5, "--run.pictureEpochs", 0)
    day.judge("data waits", checks.is_fed, run, 5)


def many(day):
    """Can two processes share the GPU, or are they told soon why not? Is NCCL opened and closed, in a world of one?"""
    day.ours("two on one GPU", 60, "mixmim", "pretrain", "--data", shapes(day) / "train", *SMALL, "--out", day.work / "two",
             "--device", f"{day.device}:0", "--nproc", 2, expected=(0, 1))
    day.environment["MIXMIM_TEST_DEVICE"] = day.device
    said = day.ours("sums of one", 60, "torch_model_test", "--gtest_filter=World.*").said
    day.judge("sums of one ran", checks.none_skipped, said)


def rivals(day):
    """How fast is the same model in plain PyTorch? The compiled one last, because compiling takes a minute."""
    for what in ("eager_fp16", "eager_bf16", "sdpa_bf16", "compiled_bf16"):
        if what.startswith("compiled") and day.left() < 120:
            return day.say(f"{what:26} left out: less than 120 s are left")
        done = day.python(what, 160, "rival.py", what, 256, day.seconds(6), day.device)
        if done.code == 0:
            day.record(what, done.last_line)


def kernels(day):
    """Time by kernel of one step, where Nsight Compute is there."""
    if not shutil.which("ncu") or day.left() < 60:
        return day.say(f"{'kernels':26} left out: no ncu, or less than 60 s are left")
    done = day.run("kernels", day.left() - 15, [
        "ncu", "--clock-control", "none", "--metrics", "gpu__time_duration.sum", "--csv", "--launch-skip", "8000", "--launch-count",
        "2700", str(KIT / "bin/mixmim"), "bench", "train", "--device", day.device, "--model", "base", "--batch", "64", "--precision",
        "bfloat16", "--seconds", "1"], day.environment)
    (day.out / "kernels.csv").write_text(done.said)


ALL = {step.__name__: step for step in (info, smoke, parity, golden, repeat, own, speed, data, many, rivals, kernels)}
