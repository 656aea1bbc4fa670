"""train_rivals.py step|products TASK MODEL BATCH THREADS SECONDS [fused] [compiled]: one measurement as a JSON line.

step      a training step of the reference model: median time and peak memory
products  float32 matrix products with the shapes of that model's linear layers, forward and backward: their rate
"""
import json
import resource
import statistics
import sys
import time
from collections import Counter

import torch
from torch.nn import functional as F

import reference_training as reference
from model_sizes import CLASSES, IMAGE, SIZES, linear_layers


def times_of(work, seconds):
    """Seconds of each call until `seconds` have passed, at least three; as `mixmim bench` does, after one for warm-up."""
    work()
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return times


def mixed(images, targets):
    """Mixup or cutmix of a batch with itself in reverse order, at equal odds; Beta parameters 0.8 and 1."""
    if torch.rand(()) < 0.5:
        share = torch.distributions.Beta(0.8, 0.8).sample().item()
        images = images * share + images.flip(0) * (1 - share)
    else:
        side = int(IMAGE * (1 - torch.rand(()).item()) ** 0.5)
        top, left = torch.randint(IMAGE - side + 1, (2,)).tolist()
        box = (..., slice(top, top + side), slice(left, left + side))
        images, partners, share = images.clone(), images.flip(0), 1 - (side / IMAGE) ** 2
        images[box] = partners[box]
    return images, targets * share + targets.flip(0) * (1 - share)


def loss_of(model, task, batch):
    """A function that computes the loss of one batch of noise: what happens between the loader and backward()."""
    images = torch.randn(batch, 3, IMAGE, IMAGE)
    if task == "pretrain":
        return lambda: model(images, reference.draw_mask())
    labels = F.one_hot(torch.arange(batch) % CLASSES, CLASSES) * 0.9 + 0.1 / CLASSES
    return lambda: model(*mixed(images, labels))


def step(task, size, batch, seconds, fused, compiled):
    torch.manual_seed(0)
    model = reference.build(task, size)
    optimizer = reference.make_optimizer(model, task, **({"fused": True} if fused else {}))
    loss_function = loss_of(torch.compile(model) if compiled else model, task, batch)

    def train():
        loss = loss_function()
        loss.backward()
        norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
        if not (loss.isfinite() and norm.isfinite()):
            raise ArithmeticError("the loss is not finite")
        optimizer.step()
        optimizer.zero_grad()

    if compiled:
        train()  # compiles
    times = times_of(train, seconds)
    return {"ms_per_step": 1000 * statistics.median(times), "steps": len(times), "torch": torch.__version__,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def products(task, size, batch, seconds):
    """Each shape has its share of the time, and counts as often as the model has it."""
    shapes = Counter(linear_layers(SIZES[size], task, batch))
    spent = flop = 0
    for (rows, inputs, outputs), times in shapes.items():
        x, weight, y = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(rows, outputs)
        dx, dweight = torch.empty_like(x), torch.empty_like(weight)

        def three():
            torch.mm(x, weight.t(), out=y)
            torch.mm(y, weight, out=dx)
            torch.mm(y.t(), x, out=dweight)

        spent += times * statistics.median(times_of(three, seconds / len(shapes)))
        flop += times * 6 * rows * inputs * outputs
    return {"gflop_per_second": flop / spent / 1e9}


if __name__ == "__main__":
    what, task, size, batch, threads, seconds = sys.argv[1:7]
    torch.set_num_threads(int(threads))
    if what == "products":
        result = products(task, size, int(batch), float(seconds))
    else:
        result = step(task, size, int(batch), float(seconds), "fused" in sys.argv[7:], "compiled" in sys.argv[7:])
    print(json.dumps(result))
