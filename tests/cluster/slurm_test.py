#!/usr/bin/python3
"""The program on a real Slurm of four nodes, all on this machine: slurm_test.py PROGRAM   (as root)

The cluster is made in a folder of its own, with keys, sockets and ports of its own, and goes with it. What srun and
sbatch print and write is compared with what one process does.
"""

import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from runs import PROGRAM, Scratch, evaluate, files, plan, program_processes, run

CONFIGURATION = """\
ClusterName=local
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/munge.sock
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/ctld
SlurmdSpoolDir={folder}/d/%n
TmpFS={folder}/tmp/%n
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=n[1-4] NodeHostname={host} NodeAddr=127.0.0.1 Port=[17001-17004] CPUs=1 CoresPerSocket=1
PartitionName=debug Nodes=ALL Default=YES State=UP
"""
# OpenMPI inside a step: loopback alone.
SETTINGS = {"OMPI_MCA_btl": "self,vader,tcp", "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_MCA_oob_tcp_if_include": "lo"}


class Cluster:
    """Slurm's daemons and their key."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("munge", "ctld", "d"):
            (folder / name).mkdir(mode=0o755)
        for node in range(1, 5):  # PMIx has a folder of the same name in each
            (folder / f"tmp/n{node}").mkdir(parents=True)
        folder.chmod(0o755)
        key = folder / "munge/key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        host = socket.gethostname().split(".")[0]
        self.configuration = folder / "slurm.conf"
        self.configuration.write_text(CONFIGURATION.format(folder=folder, host=host), encoding="ascii")
        self.environment = {"SLURM_CONF": str(self.configuration), **SETTINGS}
        os.environ.update(self.environment)
        self.call("munged", "--force", *(f"--{name}={folder}/munge/{file}" for name, file in (
            ("socket", "munge.sock"), ("key-file", "key"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed"))))
        self.call("slurmctld", "-i", "-c")
        for node in range(1, 5):
            self.call("slurmd", "-N", f"n{node}")
        self.wait_until_idle()

    @staticmethod
    def call(*words):
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    @staticmethod
    def wait_until_idle():
        for _ in range(120):
            said = subprocess.run(["sinfo", "--noheader", "-o", "%T %D"], capture_output=True, text=True, check=False)
            if said.stdout.split() == ["idle", "4"]:
                return
            time.sleep(0.5)
        raise RuntimeError(f"the nodes do not come up: {said.stdout} {said.stderr}")

    def stop(self):
        subprocess.run(["scontrol", "shutdown"], check=False)
        time.sleep(2)
        for pid in (self.folder / "munge/pid", self.folder / "ctld.pid", *self.folder.glob("slurmd-*.pid")):
            try:
                os.kill(int(pid.read_text(encoding="ascii")), signal.SIGTERM)
            except (OSError, ValueError):
                pass


def srun(count):
    return ["srun", "--quiet", "--mpi=pmix", f"-N{count}", f"-n{count}"]


class Slurm(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.cluster = Cluster(cls.scratch.__enter__())

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()
        cls.scratch.__exit__()

    def test_srun_gives_what_one_process_gives(self):
        for words_of in (evaluate, lambda _, threads=1: plan(threads)):
            with Scratch() as folder:
                alone = run(folder, words_of(folder))
                self.assertEqual(alone[0], 0, alone[2])
                expected = files(folder)
            for count in (2, 4):
                with self.subTest(count=count), Scratch() as folder:
                    self.assertEqual(run(folder, words_of(folder), srun(count))[:2], alone[:2])
                    self.assertEqual(files(folder), expected)

    def test_steps_that_do_not_find_each_other_stop_before_they_write(self):
        with Scratch() as folder:
            words = evaluate(folder)
            before = files(folder)
            status, out, err = run(folder, words, ["srun", "--quiet", "--mpi=none", "-N4", "-n4"])
            self.assertEqual((status, out), (2, ""))
            said = [line for line in err.splitlines() if not line.startswith("srun: ")]  # that they exited with 2
            self.assertEqual(said, 4 * ["bandwright: Slurm: started as one of 4 processes, but the MPI "
                                                    "world has one: start it with srun --mpi=pmix"])
            self.assertEqual(files(folder), before)

    def test_the_printed_script_runs(self):
        with Scratch() as folder:
            alone = run(folder, plan())
            expected = (folder / "proof.jsonl").read_bytes()
            (folder / "proof.jsonl").unlink()
            script = run(folder, [*plan(), "--slurm", "--tasks", "4"])[1]
            (folder / "job.sh").write_text(script, encoding="utf-8")
            path = f"{PROGRAM.parent}:{os.environ['PATH']}"
            done = subprocess.run(["sbatch", "--wait", "--parsable", "job.sh"], cwd=folder, capture_output=True,
                                  text=True, check=False, env={**os.environ, "PATH": path})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((folder / f"plan-{done.stdout.strip()}.log").read_text(encoding="utf-8"), alone[1])
            self.assertEqual((folder / "proof.jsonl").read_bytes(), expected)

    def test_a_killed_rank_ends_the_job_and_the_same_command_goes_on(self):
        with Scratch() as folder:
            self.assertEqual(run(folder, evaluate(folder))[0], 0)
            expected = files(folder)
        with Scratch() as folder:
            words = evaluate(folder)
            launched = subprocess.Popen([*srun(4), "--kill-on-bad-exit=1", PROGRAM, *words], cwd=folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with launched:
                time.sleep(2)
                found = [int(each.name) for each in pathlib.Path("/proc").glob("[0-9]*") if self.is_rank(each)]
                if found:
                    os.kill(found[-1], signal.SIGKILL)
                launched.wait(timeout=120)
            self.cluster.wait_until_idle()
            self.assertEqual(run(folder, words, srun(4))[0], 0)
            self.assertEqual(files(folder), expected)

    def is_rank(self, process):
        """A process of the program in a step of this cluster."""
        try:
            environment = (process / "environ").read_bytes()
            return (os.path.samefile(process / "exe", PROGRAM) and b"SLURM_PROCID=" in environment
                    and str(self.cluster.configuration).encode() in environment)
        except OSError:
            return False


if __name__ == "__main__":
    if not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))) or os.geteuid() != 0:
        sys.exit("slurm_test.py: needs root, slurmctld, slurmd and munge (section [slurm] of scripts/packages.txt)")
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
