#!/usr/bin/python3
"""The module as its users meet it: answers, inputs, errors, Ctrl-C, threads."""

import copy
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import bandwright as bw

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOB = bw.Job("llama3-70b", machine="dgx-h100", npus=512, tp=8, pp=4, sequence_parallel=True, global_batch=1024)


class Answers(unittest.TestCase):
    def test_values_are_attributes_in_si_units(self):
        answer = bw.estimate(JOB)
        self.assertEqual(answer.npus, 512)
        # Tokens of a step over its time, which is what tokens per second are.
        self.assertAlmostEqual(answer.tokens_per_s, 1024 * 8192 / answer.step_time_s, delta=1e-6 * answer.tokens_per_s)
        self.assertEqual(answer.division.data, 16)
        self.assertEqual(answer.breakdown[0].part, "projections")
        # The parts of a step add up to it, those of the memory to all of it.
        self.assertAlmostEqual(sum(row.exposed_s for row in answer.breakdown), answer.step_time_s, places=9)
        self.assertAlmostEqual(sum(row.memory_bytes for row in answer.memory), answer.memory_bytes, delta=1.0)
        self.assertIs(type(answer.fits), bool)
        self.assertIn("mfu", dir(answer))
        with self.assertRaisesRegex(AttributeError, "has no 'step_time'; it has .*step_time_s"):
            answer.step_time

    def test_frames_are_tables(self):
        answer = bw.estimate(JOB)
        frame = answer.frame()
        self.assertEqual(list(frame.columns), ["part", "exposed_s", "share", "hidden_s"])
        self.assertEqual(len(frame), len(answer.breakdown))
        self.assertEqual(list(answer.frame("memory").memory_bytes), [row.memory_bytes for row in answer.memory])
        self.assertEqual(list(answer.memory.frame().part), list(answer.frame("memory").part))
        with self.assertRaises(KeyError):
            answer.frame("nothing")

    def test_an_answer_is_its_text_its_page_and_its_json(self):
        answer = bw.cost("4D", bandwidth=[137.98, 120.74, 58.91, 7.36])
        self.assertIn("Ring(2)", str(answer))
        self.assertEqual(repr(answer), str(answer))
        self.assertIn("<table>", answer._repr_html_())
        self.assertNotIn("<style>", answer._repr_html_())
        self.assertEqual(answer.to_dict()["cost_usd"], answer.cost_usd)
        self.assertEqual(copy.copy(answer), answer)
        self.assertEqual(pickle.loads(pickle.dumps(answer)), answer)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bill.csv")
            answer.to_csv(path)
            self.assertEqual(pathlib.Path(path).read_text(encoding="utf-8"), answer.to_csv())

    def test_words_numbers_lists_and_jobs_say_the_same(self):
        words = bw.ask("estimate", "llama3-70b", "--machine", "dgx-h100", "--npus", "512", "--tp", "8", "--pp", "4",
                       "--sequence-parallel", "--global-batch", "1024")
        self.assertEqual(bw.estimate(JOB), words)
        self.assertEqual(bw.estimate(**JOB), words)
        self.assertEqual(bw.estimate("llama3-70b", **JOB.but(model=None)), words)
        self.assertEqual(bw.estimate(JOB.but(tp=4), tp=8), words)
        self.assertEqual(bw.optimize("4D", 325, "175B", "Perf"),
                         bw.optimize(network="4D", budget="325", model="175B", target="Perf"))
        several = bw.optimize("2D", 325, ["17B", "175B"], "Perf", constraint=["b1 >= 10", "b2 >= 10"])
        self.assertEqual([model.model for model in several.models], ["17B", "175B"])

    def test_a_job_is_a_value(self):
        self.assertEqual(JOB.tp, 8)
        self.assertIsNone(JOB.cp)
        self.assertEqual(JOB.but(tp=4), bw.Job(**{**JOB, "tp": 4}))
        self.assertIn("npus=512", repr(JOB))
        with self.assertRaisesRegex(bw.InputError, "unknown option 'tpp' of a job"):
            bw.Job("llama3-70b", tpp=3)

    def test_dicts_are_inputs(self):
        file = ROOT / "inputs/models/transformers/llama3-8b.yaml"
        import yaml
        model = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.assertEqual(bw.estimate(model, npus=64, machine="dgx-h100"),
                         bw.estimate("llama3-8b", npus=64, machine="dgx-h100"))
        network = yaml.safe_load((ROOT / "inputs/networks/2d.yaml").read_text(encoding="utf-8"))
        self.assertEqual(bw.cost(network, bandwidth=[1, 2]), bw.cost("2D", bandwidth=[1, 2]))
        machine = yaml.safe_load((ROOT / "inputs/machines/dgx-h100.yaml").read_text(encoding="utf-8"))
        self.assertEqual(bw.estimate(JOB, machine=machine), bw.estimate(JOB))
        group = bw.optimize("dgx-h100", model=[model, "gpt3-175b"], npus=512, tp=8, pp=4, budget=500, target="Perf")
        self.assertEqual(len(group.models), 2)

    def test_a_file_that_a_dict_names_is_read_again_when_it_changes(self):
        import yaml
        machine = yaml.safe_load((ROOT / "inputs/machines/dgx-h100.yaml").read_text(encoding="utf-8"))
        npu = (ROOT / f"inputs/npus/{machine['npu']}.yaml").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "npu.yaml")
            file.write_text(npu, encoding="utf-8")
            own = {**machine, "npu": str(file)}
            before = bw.estimate(JOB, machine=own)
            self.assertEqual(before.step_time_s, bw.estimate(JOB).step_time_s)
            memory = yaml.safe_load(npu)["memory"]
            file.write_text(npu.replace(f"memory: {memory}", "memory: 10 GiB"), encoding="utf-8")
            self.assertFalse(bw.estimate(JOB, machine={**own, "name": "less"}).fits)
            file.write_text(npu.replace("constants: ", "constants: no-"), encoding="utf-8")
            with self.assertRaisesRegex(bw.InputError, r"npu\.yaml:\d+: constants: no fitted constants"):
                bw.estimate(JOB, machine={**own, "name": "other"})

    def test_a_dict_in_the_words_of_hugging_face(self):
        config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096,
                  "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32,
                  "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 8192,
                  "tie_word_embeddings": False}
        answer = bw.estimate(config, machine="dgx-h100", npus=64, sequence=8192)
        self.assertEqual(answer.parameters, bw.estimate("llama3-8b", npus=64, machine="dgx-h100").parameters)

    def test_lists_name_what_comes_along(self):
        self.assertIn("dgx-h100", bw.machines())
        self.assertIn("llama3-70b", bw.models())
        self.assertIn("ideal", bw.libraries().names)
        self.assertIn("h100-sxm", bw.npus().names)

    def test_texts_that_are_no_answers(self):
        self.assertIn("$schema", bw.check(schema="machine"))


LANGUAGES = pathlib.Path("/usr/share/i18n/locales")


@unittest.skipUnless(shutil.which("localedef") and (LANGUAGES / "de_DE").exists(), "no languages to try")
class Languages(unittest.TestCase):
    def test_a_program_that_writes_commas_gets_the_same_answer(self):
        script = ("import locale, sys, bandwright as bw\n"
                  "if sys.argv[1]: locale.setlocale(locale.LC_ALL, sys.argv[1]); assert locale.str(0.5) == '0,5'\n"
                  "print(bw.estimate('llama3-70b', machine='dgx-h100', npus=512, tp=8, pp=4))\n"
                  "print(bw.optimize('4D', 325, '175B', 'Perf').to_json(), bw.cost('4D', bandwidth=[1.5, 2, 3, 4]))\n"
                  "print(bw.place('vgg19', batch=16, tiers='dram-pmm', ratio='4:1', policy='static').to_csv())")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(folder, "de_DE.UTF-8")], check=True)
            said = [subprocess.run([sys.executable, "-c", script, name], check=True, capture_output=True, text=True,
                                   env={**os.environ, "LOCPATH": folder}).stdout for name in ("", "de_DE.UTF-8")]
            self.assertEqual(*said)


class Errors(unittest.TestCase):
    def test_bad_input_is_a_value_error_with_the_line_of_the_command(self):
        with self.assertRaises(ValueError) as caught:
            bw.optimize("4D", 325, "175B", target="Prf")
        self.assertIsInstance(caught.exception, bw.InputError)
        self.assertEqual(str(caught.exception), "unknown target 'Prf'; did you mean 'Perf'? (choices: Perf, PerfPerCost)")
        with self.assertRaisesRegex(bw.InputError, r"unknown option '--tpp'; did you mean '--tp'\?"):
            bw.estimate(JOB, tpp=3)
        with self.assertRaisesRegex(bw.InputError, r"\{\.\.\.\}:1: npu: unknown NPU 'h10-sxm'; did you mean"):
            bw.estimate(JOB, machine={"name": "x", "npu": "h10-sxm", "dimensions": []})

    def test_a_question_without_an_answer_says_why(self):
        with self.assertRaisesRegex(bw.NoAnswer, "no allocation satisfies together"):
            bw.optimize("2D", 325, "17B", "Perf", constraint=["b1 <= 1", "b2 <= 1"])

    def test_a_job_that_does_not_fit_is_an_answer(self):
        answer = bw.estimate("gpt3-175b", machine="dgx-a100", npus=8)
        self.assertFalse(answer.fits)


def interrupted_after(seconds, test, question):
    """How long it took from Ctrl-C, so long after its beginning, to bw.Interrupted."""
    sent = []

    def press():
        time.sleep(seconds)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    with test.assertRaises(bw.Interrupted):
        thread.start()
        question()
    took = time.perf_counter() - sent[0]
    thread.join()
    return took


class Interrupts(unittest.TestCase):
    def test_ctrl_c_ends_a_long_plan_with_what_was_found(self):
        sent = []

        def press():
            time.sleep(0.3)
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=press)
        with self.assertRaises(bw.Interrupted) as caught:
            thread.start()
            bw.plan("deepseek-v3", machine="dgx-h100", npus=[2048, 4096, 8192, 16384], global_batch=8192,
                    best=10000)
        took = time.perf_counter() - sent[0]
        thread.join()
        self.assertIsInstance(caught.exception, KeyboardInterrupt)
        self.assertIsInstance(caught.exception.answer, bw.Answer)
        self.assertLess(took, 5.0)  # a sanitized build; benchmarks tell the rest

    def test_ctrl_c_ends_whatever_takes_long(self):
        fabric = "LeafSpine(64x32, spines 16, oversubscription 2, bandwidth 50)"
        all_to_all = {"collective": "all-to-all", "size": "4 GiB"}
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "step.json.gz")
            questions = {
                "ports": lambda: bw.simulate("Ring(65536)", bandwidth=50, collective="all-reduce", size="16 GiB",
                                             npu_fidelity="full"),
                "a grid's links": lambda: bw.simulate("Ring(1024)", bandwidth=50, npu_fidelity="full", transport="flows",
                                                     **all_to_all),
                "flows": lambda: bw.simulate("FatTree(4096, radix 64)", bandwidth=50, routing="ecmp", **all_to_all),
                "every micro-batch": lambda: bw.simulate("dgx-a100", "gpt3-175b", npus=1024, tp=8, pp=8,
                                                         global_batch=12288, no_leap=True, npu_fidelity="full"),
                "timeline": lambda: bw.simulate("dgx-a100", "gpt3-175b", npus=512, tp=8, pp=8, global_batch=8192,
                                                timeline=trace),
                "estimated timeline": lambda: bw.estimate("gpt3-175b", machine="dgx-a100", npus=512, tp=8, pp=8,
                                                          global_batch=24576, timeline=trace),
                "export": lambda: bw.export("1T", npus=65536, output=os.path.join(folder, "traces")),
                "share": lambda: bw.share(fabric, job=[
                    f"at: npu[{first}::2]; collective: all-to-all; size: 4 GiB" for first in (0, 1)]),
                "hardware": lambda: bw.plan("gpt3-175b", npu="a100", npus=1024, budget=500),
                "placement": lambda: bw.place("densenet-264", tiers="hbm-ddr", batch=256, fast="10 GiB"),
            }
            for name, question in questions.items():
                with self.subTest(name):
                    took = interrupted_after(0.5, self, question)
                    self.assertLess(took, 5.0)  # likewise
            self.assertEqual(os.listdir(folder), [])

    def test_ctrl_c_in_a_sweep_keeps_what_is_finished(self):
        with tempfile.TemporaryDirectory() as folder:
            sweep = pathlib.Path(folder, "fine.yaml")
            sweep.write_text("name: fine\nlibraries: astra1\nrecompute: full\nnetworks: [2D, 3D, 4D]\nmodels: [17B, 175B, 1T]\n"
                             "budgets: {from: 100 GB/s, to: 1000 GB/s, step: 6 GB/s}\n", encoding="utf-8")

            def press():  # as soon as some results are there
                while sum(file.stat().st_size for file in pathlib.Path(folder).glob("fine/*")) < 200_000:
                    time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGINT)

            thread = threading.Thread(target=press)
            with self.assertRaises(bw.Interrupted) as caught:
                thread.start()
                bw.evaluate(str(sweep), output=folder)
            thread.join()
            part = caught.exception.answer
            self.assertIn("the same command continues", part.verdict)
            self.assertEqual(len(part.frame()), part.computed)
            self.assertGreater(part.computed, 0)
            self.assertLess(part.computed, part.points)
            whole = bw.evaluate(str(sweep), output=folder)
            self.assertEqual((len(whole.frame()), whole.computed), (whole.points, whole.points - part.computed))

    def test_another_signal_raises_what_its_handler_raises(self):
        def handler(*_):
            raise TimeoutError("too long")

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with self.assertRaisesRegex(TimeoutError, "too long"):
                bw.plan("deepseek-v3", machine="dgx-h100", npus=[2048, 4096, 8192, 16384],
                        global_batch=8192, best=10000)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)

    def test_questions_run_beside_each_other(self):
        expected = [bw.estimate(JOB, global_batch=batch).step_time_s for batch in (1024, 2048, 4096, 8192)]
        found = [None] * 4

        def work(place, batch):
            for _ in range(5):
                found[place] = bw.estimate(JOB, global_batch=batch).step_time_s

        threads = [threading.Thread(target=work, args=(i, 1024 << i)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, expected)


class Pictures(unittest.TestCase):
    def test_a_curve_is_drawn_as_the_command_draws_it(self):
        figure = bw.curve("cosmogan", machine="edison", workers="1..16", batch=64).plot()
        self.assertTrue(figure._repr_png_().startswith(b"\x89PNG"))
        with tempfile.TemporaryDirectory() as folder:
            self.assertTrue(figure.save(os.path.join(folder, "curve.pdf")).read_bytes().startswith(b"%PDF"))

    def test_an_answer_without_a_picture_says_so(self):
        with self.assertRaisesRegex(bw.InputError, "the answer of `cost` has no picture"):
            bw.cost("2D", bandwidth=[1, 2]).plot()

    def test_a_step_has_a_timeline(self):
        with tempfile.TemporaryDirectory() as folder:
            path = bw.simulate("3D", 500, collective="all-reduce", size="1 MB").to_perfetto(os.path.join(folder, "t.json"))
            self.assertGreater(os.path.getsize(path), 100)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
