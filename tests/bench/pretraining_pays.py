"""What pretraining is worth to each family of encoders: fine-tuning and linear probe, pretrained against from scratch, at equal CPU time.

    python3 tests/bench/pretraining_pays.py BUILD --data train --labelled few --val test --out FOLDER [--families pvt,swin] [--seeds 0,1]

--data: pictures for pretraining; --labelled: pictures with labels for fine-tuning and probe; --val: those that count. Models of 1 to 3
million parameters with a stride of 16 px, all settings the defaults. The model from scratch is trained for as many epochs more as the
pretraining took time. Results go to FOLDER/results.jsonl; what is there already is not measured again.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys

COMMON = ["--model", "small", "--size", "64", "--model.patchSize", "4", "--model.depths", "1,2,4", "--model.headDim", "16"]
REDUCED = ["--model.dims", "32,64,128", "--model.mlpRatios", "4,4,4"]
FAMILIES = {
    "mixmim": COMMON,
    "swin": [*COMMON, "--model.encoder", "swin"],
    "pvt": [*COMMON, "--model.encoder", "pvt", *REDUCED],
    "twins_svt": [*COMMON, "--model.encoder", "twins_svt", *REDUCED],
    "twins_pcpvt": [*COMMON, "--model.encoder", "twins_pcpvt", *REDUCED],
    "pvt_v2": [*COMMON, "--model.encoder", "pvt_v2", *REDUCED],
}


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    for name in ("data", "labelled", "val", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--families", default=",".join(FAMILIES), help="some of %(default)s")
    parser.add_argument("--seeds", default="0,1", help="%(default)s")
    parser.add_argument("--epochs", type=int, default=15, help="of pretraining (%(default)s)")
    parser.add_argument("--fine-epochs", type=int, default=12, help="of fine-tuning (%(default)s)")
    options = parser.parse_args()
    options.families = options.families.split(",")
    unknown = [name for name in options.families if name not in FAMILIES]
    if unknown:
        parser.error("--families: expected some of %s, got %s" % (", ".join(FAMILIES), ", ".join(unknown)))
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    return options


class Run:
    """The commands of one family and seed, each with its CPU time in minutes."""

    def __init__(self, options, family, seed):
        self.options, self.family, self.seed = options, family, seed
        self.folder = os.path.join(options.out, "%s-%d" % (family, seed))
        self.minutes = 0.0

    def path(self, name):
        return os.path.join(self.folder, name)

    def mixmim(self, *words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([os.path.join(self.options.build, "bin/mixmim"), *words], stdout=subprocess.PIPE, text=True,
                              stderr=open(self.path("log"), "a"))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.minutes = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60
        if done.returncode != 0:
            sys.exit("mixmim %s failed; see %s" % (" ".join(words), self.path("log")))
        return done.stdout

    def finetune(self, name, epochs, start):
        self.mixmim("finetune", "--data", self.options.labelled, "--val", self.options.val, "--out", self.path(name), "--overwrite",
                    "--epochs", "%g" % epochs, "--seed", str(self.seed), "--threads", "1", *start)
        minutes = self.minutes
        return self.right("eval", "--model", self.path(name), "--data", self.options.val), minutes

    def pretrain(self, name, epochs, model):
        """0 epochs: random weights."""
        self.mixmim("pretrain", "--data", self.options.data, "--out", self.path(name), "--overwrite", "--epochs", str(epochs),
                    "--threads", "1", *model)

    def probe(self, name):
        return self.right("probe", "--init", self.path(name), "--data", self.options.labelled, "--val", self.options.val)

    def right(self, *words):
        """Top-1 in percent."""
        answer = json.loads(self.mixmim(*words, "--threads", "1", "--json"))
        return 100 * next(answer[key] for key in ("top1", "linear_top1") if key in answer)

    def measure(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        model = FAMILIES[self.family] + ["--seed", str(self.seed)]
        self.pretrain("pretrained", self.options.epochs, model)
        result = {"family": self.family, "seed": self.seed, "pretraining_minutes": self.minutes}
        self.pretrain("random", 0, model)
        result["probe_pretrained"], result["probe_random"] = self.probe("pretrained"), self.probe("random")
        pretrained = ["--init", self.path("pretrained")]
        fine = self.options.fine_epochs
        result["fine_pretrained"], minutes = self.finetune("finetuned", fine, pretrained)
        result["fine_minutes"] = minutes
        result["fine_scratch"], _ = self.finetune("scratch", fine, model)
        result["equal_epochs"] = round(fine * (result["pretraining_minutes"] + minutes) / minutes)
        result["fine_scratch_equal_time"], result["equal_minutes"] = self.finetune("equal", result["equal_epochs"], model)
        return result


def main():
    options = parsed()
    os.makedirs(options.out, exist_ok=True)
    path = os.path.join(options.out, "results.jsonl")
    known = [json.loads(line) for line in open(path)] if os.path.exists(path) else []
    for seed in options.seeds:
        for family in options.families:
            if any(one["family"] == family and one["seed"] == seed for one in known):
                continue
            result = Run(options, family, seed).measure()
            with open(path, "a") as file:
                file.write(json.dumps(result) + "\n")
            print(json.dumps(result))


if __name__ == "__main__":
    main()
