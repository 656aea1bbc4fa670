"""rival.py eager_fp16|eager_bf16|sdpa_bf16|compiled_bf16 BATCH SECONDS DEVICE: a pretraining step of MixMIM-B in plain PyTorch.

One line of JSON. The eager ones are the reference as one writes it at first: it reads the loss in every step. The strong
ones call PyTorch's fused attention with the bias as its mask and the fused AdamW, and never wait; the last is compiled too.
"""
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "bench"))

import torch
from torch.nn import functional as F

import reference_layers
import reference_training as reference


def fused_attention(self, x, mask):
    """reference_layers.Attention.forward through scaled_dot_product_attention."""
    b, n, c = x.shape
    q, k, v = self.qkv(x).view(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
    added = None
    if self.window:
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)].view(n, n, -1).permute(2, 0, 1)
        added = bias.unsqueeze(0)
        if mask is not None:
            row = mask.unsqueeze(1)
            added = added.masked_fill(row != row.transpose(-2, -1), float("-inf"))
        added = added.to(q.dtype).expand(b, -1, -1, -1)
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=added)
    return self.proj(y.transpose(1, 2).reshape(b, n, c))


class Rival:
    def __init__(self, what, batch, device):
        self.kind, _, precision = what.partition("_")
        if self.kind not in ("eager", "sdpa", "compiled") or precision not in ("fp16", "bf16"):
            sys.exit(__doc__)
        self.type = torch.float16 if precision == "fp16" else torch.bfloat16
        self.device, self.gpu = device, device != "cpu"
        if self.kind != "eager":
            reference_layers.Attention.forward = fused_attention
        self.model = reference.build("pretrain", "base").to(device)
        self.compute = torch.compile(self.model) if self.kind == "compiled" else self.model
        self.optimizer = reference.make_optimizer(self.model, "pretrain", **({} if self.kind == "eager" else {"fused": True}))
        self.scaler = torch.amp.GradScaler(device, enabled=precision == "fp16" and self.gpu)
        self.images = torch.randn(batch, 3, 224, 224, device=device)

    def step(self):
        with torch.autocast(self.device, dtype=self.type):
            loss = self.compute(self.images, reference.draw_mask().to(self.device))
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.stack([p.grad.norm() for p in self.model.parameters() if p.grad is not None]).norm()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.kind == "eager":
            loss.item()
        return loss

    def wait(self):
        if self.gpu:
            torch.cuda.synchronize()


def measured(rival, seconds, together=4):
    """Seconds of a step, each the mean of some that are given to the device together; and the last loss."""
    for _ in range(2):
        loss = rival.step()
    rival.wait()
    times, start = [], time.perf_counter()
    while len(times) < 2 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        for _ in range(together):
            loss = rival.step()
        rival.wait()
        times.append((time.perf_counter() - before) / together)
    return statistics.median(times), loss.item()


def main(what, batch, seconds, device):
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    rival = Rival(what, int(batch), device)
    spent, loss = measured(rival, float(seconds))
    print(json.dumps({"batch": int(batch), "ms_per_step": 1000 * spent, "images_per_second": int(batch) / spent, "loss": loss,
                      "peak_gpu_gb": torch.cuda.max_memory_allocated() / 1e9 if rival.gpu else None}))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
