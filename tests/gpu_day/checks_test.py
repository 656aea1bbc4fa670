#!/usr/bin/env python3
"""The checks of a day with a GPU pass where they should, and fail with a reason where they should not."""
import json
import pathlib
import tempfile
import unittest

import checks


def run_with(folder, name, lines):
    run = pathlib.Path(folder) / name
    (run / "checkpoints/last").mkdir(parents=True)
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def steps(*losses, norm=1.0):
    return [{"step": step, "loss": loss, "grad_norm": norm} for step, loss in enumerate(losses)]


class Checks(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def test_metrics(self):
        cases = {
            "equal": (steps(1, 0.9, 0.8), True, "first 2 steps: loss 0.0e+00 (at most 1e-03), gradient norm 0.0e+00 (at most "
                                                "1e-02); last step's loss 0.0e+00 apart"),
            "only the last step is far": (steps(1, 0.9, 0.4), True, "first 2 steps: loss 0.0e+00 (at most 1e-03), gradient norm "
                                                                    "0.0e+00 (at most 1e-02); last step's loss 5.0e-01 apart"),
            "loss": (steps(1, 0.99, 0.8), False, "first 2 steps: loss 1.0e-01 (at most 1e-03), gradient norm 0.0e+00 (at most "
                                                 "1e-02); last step's loss 0.0e+00 apart"),
            "norm": (steps(1, 0.9, 0.8, norm=1.1), False, "first 2 steps: loss 0.0e+00 (at most 1e-03), gradient norm 1.0e-01 (at "
                                                          "most 1e-02); last step's loss 0.0e+00 apart"),
            "late": (steps(0, 1, 0.9), False, "the first report is empty: reports come a step late, and the run does not know"),
            "short": (steps(1, 0.9), False, "expected the same steps, at least 2, got 3 and 2"),
        }
        one = run_with(self.scratch.name, "one", steps(1, 0.9, 0.8))
        for name, (lines, passed, text) in cases.items():
            with self.subTest(name):
                other = run_with(self.scratch.name, name, lines)
                self.assertEqual(checks.same_metrics(one, other, 2, 1e-3, 1e-2), (passed, text))

    def test_state(self):
        one, other = (run_with(self.scratch.name, name, []) for name in ("a", "b"))
        for run in (one, other):
            for name in ("model.safetensors", "optimizer.safetensors"):
                (run / "checkpoints/last" / name).write_bytes(b"same")
        self.assertEqual(checks.same_state(one, other), (True, "the same to the bit"))
        (other / "checkpoints/last/optimizer.safetensors").write_bytes(b"sane")
        self.assertEqual(checks.same_state(one, other), (False, "differ: optimizer.safetensors"))

    def test_answers(self):
        answer = json.dumps({"images": 8, "loss": 2.0, "seconds": 1.0})
        cases = {
            "other time": ({"images": 8, "loss": 2.0, "seconds": 9.0}, True, "loss 0.0e+00 (at most 1e-04)"),
            "other loss": ({"images": 8, "loss": 2.1, "seconds": 1.0}, False, "loss 5.0e-02 (at most 1e-04)"),
            "no loss": ({"images": 8}, False, "expected the same numbers, got ['images', 'loss', 'seconds'] and ['images']"),
        }
        for name, (other, passed, text) in cases.items():
            with self.subTest(name):
                self.assertEqual(checks.same_answers(answer, json.dumps(other), 1e-4), (passed, text))

    def test_nothing_is_skipped(self):
        cases = {
            "all": ("[  PASSED  ] 10 tests.\n", (True, "all ran")),
            "some": ("[  PASSED  ] 5 tests.\n[  SKIPPED ] 5 tests, listed below:\n", (False, "some were skipped: see day.log")),
            "none": ("[  PASSED  ] 0 tests.\n", (False, "nothing ran")),
            "crashed": ("", (False, "nothing ran")),
        }
        for name, (said, expected) in cases.items():
            with self.subTest(name):
                self.assertEqual(checks.none_skipped(said), expected)

    def test_feeding(self):
        def lines(wait):
            return [{"images_per_second": speed, "data_wait_percent": wait} for speed in (1, 2000, 2100)]

        fed, hungry, short = (run_with(self.scratch.name, name, content)
                              for name, content in (("fed", lines(1.0)), ("hungry", lines(9.0)), ("short", lines(1.0)[:1])))
        self.assertEqual(checks.is_fed(fed, 5), (True, "2100 images/s, 1.0 % of it waiting for data (at most 5)"))
        self.assertEqual(checks.is_fed(hungry, 5), (False, "2100 images/s, 9.0 % of it waiting for data (at most 5)"))
        self.assertEqual(checks.is_fed(short, 5), (False, "expected at least two lines with a speed, got fewer"))


if __name__ == "__main__":
    unittest.main()
