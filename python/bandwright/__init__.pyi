# Written by python3 -m bandwright._stubs.
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

__version__: str

# A word, a number, a file, a list (commas on the command line), or a dict in place of a YAML or JSON file.
Value = str | int | float | PathLike[str] | Mapping[str, Any] | Sequence[Any]
Option = Value | None

class InputError(ValueError): ...
class NoAnswer(Exception): ...

class Interrupted(KeyboardInterrupt):
    answer: Answer | None
    def __init__(self, answer: Answer | None = None) -> None: ...

class Record(dict[str, Any]):
    def __getattr__(self, name: str) -> Any: ...

class Rows(list[Record]):
    def frame(self) -> Any: ...

class Names(Rows):
    @property
    def names(self) -> list[str]: ...

class Figure:
    png: bytes
    pdf: bytes
    @property
    def svg(self) -> bytes: ...
    def save(self, path: str | PathLike[str]) -> Path: ...

class Answer:
    def __getattr__(self, name: str) -> Any: ...
    def __getitem__(self, name: str) -> Any: ...
    def __contains__(self, name: object) -> bool: ...
    @property
    def title(self) -> str: ...
    @property
    def command(self) -> list[str]: ...
    @property
    def bandwidths(self) -> list[float]: ...
    def names(self) -> list[str]: ...
    def frame(self, table: str | None = None) -> Any: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self, path: str | PathLike[str] | None = None) -> str | None: ...
    def to_csv(self, path: str | PathLike[str] | None = None) -> str | None: ...
    def to_html(self, path: str | PathLike[str] | None = None) -> str | None: ...
    def to_perfetto(self, path: str | PathLike[str]) -> str | PathLike[str]: ...
    def plot(self, figure: str | None = None, *, view: str | None = None, loop: str | None = None) -> Figure: ...
    def text(self, width: int = 100) -> str: ...

class Job(Mapping[str, Any]):
    def __init__(
        self, model: Option = None, *,
        workload: Option = None, collective: Option = None, size: Option = None, machine: Option = None,
        npu: Option = None, npus: Option = None, network: Option = None, classes: Option = None,
        own_links: Option = None, library: Option = None, chunks: Option = None, scheduler: Option = None,
        tp: Option = None, pp: Option = None, global_batch: Option = None, micro_batch: Option = None,
        zero: Option = None, sequence_parallel: Option = None, recompute: Option = None, cp: Option = None,
        ep: Option = None, expert_tp: Option = None, virtual_stages: Option = None, schedule: Option = None,
        attention: Option = None, precision: Option = None, sequence: Option = None, bucket: Option = None,
        overlap: Option = None, dispatch: Option = None, zero_npus: Option = None, optimizer: Option = None,
        stored_gradients: Option = None, sent_gradients: Option = None, loss: Option = None,
        whole_graphs: Option = None, recompute_modules: Option = None, offload_layers: Option = None,
        predict_more: Option = None, lora_rank: Option = None, lora_targets: Option = None,
        placement: Option = None, loop: Option = None, tables: Option = None, compute_scale: Option = None,
        groups: Option = None, communicator: Option = None, memory: Option = None, group_route: Option = None,
        budget: Option = None, allocation: Option = None, bandwidth: Option = None, prices: Option = None,
        tiers: Option = None, fast: Option = None, offload: Option = None
    ) -> None: ...
    def but(self, **changes: Option) -> Job: ...
    def __getattr__(self, name: str) -> Any: ...
    def __getitem__(self, name: str) -> Any: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...

def calibrate(
    *words: Value | Job, machine: Option = None, gemms: Option = None, nccl_tests: Option = None,
    collective: Option = None, step: Option = None, name: Option = None, machine_file: Option = None,
    model: Option = None, npus: Option = None, tp: Option = None, pp: Option = None, global_batch: Option = None,
    micro_batch: Option = None, zero: Option = None, sequence_parallel: bool | None = None,
    recompute: Option = None, cp: Option = None, ep: Option = None, expert_tp: Option = None,
    virtual_stages: Option = None, schedule: Option = None, attention: Option = None, precision: Option = None,
    sequence: Option = None, bucket: Option = None, overlap: Option = None, dispatch: Option = None,
    zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None
) -> Answer: ...
def check(
    *words: Value | Job, file: Option = None, library: Option = None, groups: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None
) -> Answer: ...
def cost(
    *words: Value | Job, network: Option = None, machine: Option = None, npus: Option = None, budget: Option = None,
    bandwidth: Option = None, classes: Option = None, prices: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None
) -> Answer: ...
def curve(
    *words: Value | Job, model: Option = None, machine: Option = None, workers: Option = None,
    weak: bool | None = None, strong: bool | None = None, batch: Option = None, one_worker_rate: Option = None,
    measured: Option = None, efficiency: Option = None, loop: Option = None, tp: Option = None, pp: Option = None,
    global_batch: Option = None, micro_batch: Option = None, zero: Option = None,
    sequence_parallel: bool | None = None, recompute: Option = None, cp: Option = None, ep: Option = None,
    expert_tp: Option = None, virtual_stages: Option = None, schedule: Option = None, attention: Option = None,
    precision: Option = None, sequence: Option = None, bucket: Option = None, overlap: Option = None,
    dispatch: Option = None, zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None, plot: bool | None = None,
    plot_folder: Option = None
) -> Answer: ...
def estimate(
    *words: Value | Job, model: Option = None, machine: Option = None, npus: Option = None, tp: Option = None,
    pp: Option = None, global_batch: Option = None, micro_batch: Option = None, zero: Option = None,
    sequence_parallel: bool | None = None, recompute: Option = None, bandwidth: Option = None, loop: Option = None,
    tables: Option = None, compute_scale: Option = None, cp: Option = None, ep: Option = None,
    expert_tp: Option = None, virtual_stages: Option = None, schedule: Option = None, attention: Option = None,
    precision: Option = None, sequence: Option = None, bucket: Option = None, overlap: Option = None,
    dispatch: Option = None, zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, tiers: Option = None,
    fast: Option = None, offload: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None, require_fit: bool | None = None, timeline: Option = None
) -> Answer: ...
def evaluate(
    *words: Value | Job, experiment: Option = None, output: Option = None, engine: Option = None,
    npu_fidelity: Option = None, force: bool | None = None, dry_run: bool | None = None, jobs: Option = None,
    slurm: bool | None = None, tasks: Option = None, partition: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None
) -> Answer: ...
def export(
    *words: Value | Job, model: Option = None, loop: Option = None, npus: Option = None, to: Option = None,
    output: Option = None, tables: Option = None, recompute: Option = None, compute_scale: Option = None,
    format: Option = None, html: Option = None, timing: bool | None = None
) -> Answer: ...
def import_file(
    *words: Value | Job, file: Option = None, output: Option = None, model: Option = None, machine: Option = None,
    npus: Option = None, format: Option = None, html: Option = None, timing: bool | None = None
) -> str: ...
def network(
    *words: Value | Job, network: Option = None, bandwidth: Option = None, prices: Option = None,
    format: Option = None, html: Option = None, timing: bool | None = None, output: Option = None,
    drawing: Option = None
) -> Answer: ...
def optimize(
    *words: Value | Job, budget: Option = None, model: Option = None, target: Option = None, loop: Option = None,
    weights: Option = None, normalize: bool | None = None, constraint: Option = None, step: Option = None,
    network: Option = None, library: Option = None, collective: Option = None, size: Option = None,
    routing: Option = None, seed: Option = None, queue_pairs: Option = None, solver: Option = None,
    own_links: bool | None = None, trace: bool | None = None, recompute: Option = None, tables: Option = None,
    compute_scale: Option = None, machine: Option = None, npus: Option = None, tp: Option = None, pp: Option = None,
    global_batch: Option = None, micro_batch: Option = None, zero: Option = None,
    sequence_parallel: bool | None = None, cp: Option = None, ep: Option = None, expert_tp: Option = None,
    virtual_stages: Option = None, schedule: Option = None, attention: Option = None, precision: Option = None,
    sequence: Option = None, bucket: Option = None, overlap: Option = None, dispatch: Option = None,
    zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, tiers: Option = None,
    fast: Option = None, offload: Option = None, workload: Option = None, groups: Option = None,
    communicator: Option = None, memory: Option = None, group_route: Option = None, classes: Option = None,
    prices: Option = None, npu: Option = None, cost: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None, require_fit: bool | None = None
) -> Answer: ...
def place(
    *words: Value | Job, model: Option = None, kernels: Option = None, global_batch: Option = None,
    tiers: Option = None, ratio: Option = None, fast: Option = None, sweep: bool | None = None,
    policy: Option = None, gap: Option = None, time_limit: Option = None, window: Option = None,
    machine: Option = None, npus: Option = None, tp: Option = None, pp: Option = None, zero: Option = None,
    micro_batch: Option = None, sequence: Option = None, recompute: Option = None,
    sequence_parallel: bool | None = None, schedule: Option = None, timeline: Option = None,
    plot: bool | None = None, plot_folder: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None
) -> Answer: ...
def plan(
    *words: Value | Job, model: Option = None, machine: Option = None, npus: Option = None, minimize: Option = None,
    best: Option = None, max_step: Option = None, max_memory: Option = None, pareto: bool | None = None,
    explain: Option = None, checkpoint: Option = None, proof: Option = None, npu: Option = None,
    shapes: Option = None, dimensions: Option = None, hardware: Option = None, constraint: Option = None,
    write_machine: Option = None, launch: Option = None, tp: Option = None, pp: Option = None,
    global_batch: Option = None, micro_batch: Option = None, zero: Option = None,
    sequence_parallel: bool | None = None, recompute: Option = None, cp: Option = None, ep: Option = None,
    expert_tp: Option = None, virtual_stages: Option = None, schedule: Option = None, attention: Option = None,
    precision: Option = None, sequence: Option = None, bucket: Option = None, overlap: Option = None,
    dispatch: Option = None, zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, budget: Option = None,
    classes: Option = None, prices: Option = None, plot: bool | None = None, plot_folder: Option = None,
    jobs: Option = None, slurm: bool | None = None, tasks: Option = None, partition: Option = None,
    format: Option = None, html: Option = None, timing: bool | None = None, output: Option = None
) -> Answer: ...
def report(
    *words: Value | Job, experiment: Option = None, output: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None
) -> Answer: ...
def scale_fit(
    *words: Value | Job, file: Option = None, predict: Option = None, holdout: Option = None,
    efficiency: Option = None, series: Option = None, weak: bool | None = None, rate: bool | None = None,
    format: Option = None, html: Option = None, timing: bool | None = None, output: Option = None,
    plot: bool | None = None, plot_folder: Option = None
) -> Answer: ...
def scale_measure(
    *words: Value | Job, command: Option = None, workers: Option = None, repeat: Option = None,
    warmup: Option = None, timeout: Option = None, threads: Option = None, rate: Option = None,
    pin: bool | None = None, store: Option = None, resume: bool | None = None, slurm: bool | None = None,
    slurm_worker: Option = None, partition: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None
) -> Answer: ...
def scale_simulate(
    *words: Value | Job, model: Option = None, machine: Option = None, workers: Option = None,
    weak: bool | None = None, strong: bool | None = None, batch: Option = None, one_worker_rate: Option = None,
    measured: Option = None, efficiency: Option = None, loop: Option = None, tp: Option = None, pp: Option = None,
    global_batch: Option = None, micro_batch: Option = None, zero: Option = None,
    sequence_parallel: bool | None = None, recompute: Option = None, cp: Option = None, ep: Option = None,
    expert_tp: Option = None, virtual_stages: Option = None, schedule: Option = None, attention: Option = None,
    precision: Option = None, sequence: Option = None, bucket: Option = None, overlap: Option = None,
    dispatch: Option = None, zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None, plot: bool | None = None,
    plot_folder: Option = None
) -> Answer: ...
def scale_trials(
    *words: Value | Job, jobs: Option = None, workers: Option = None, duration: Option = None,
    startup: Option = None, head_link: Option = None, rate: Option = None, scheduler: Option = None,
    eta: Option = None, grace: Option = None, max_t: Option = None, seed: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None
) -> Answer: ...
def share(
    *words: Value | Job, network: Option = None, job: Option = None, bandwidth: Option = None,
    routing: Option = None, seed: Option = None, queue_pairs: Option = None, format: Option = None,
    html: Option = None, timing: bool | None = None, output: Option = None
) -> Answer: ...
def simulate(
    *words: Value | Job, model: Option = None, budget: Option = None, allocation: Option = None,
    bandwidth: Option = None, collective: Option = None, size: Option = None, network: Option = None,
    own_links: bool | None = None, library: Option = None, chunks: Option = None, scheduler: Option = None,
    engine: Option = None, npu_fidelity: Option = None, transport: Option = None, routing: Option = None,
    seed: Option = None, queue_pairs: Option = None, seeds: Option = None, shuffle: Option = None,
    force: bool | None = None, no_leap: bool | None = None, recompute: Option = None, tables: Option = None,
    compute_scale: Option = None, machine: Option = None, npus: Option = None, tp: Option = None, pp: Option = None,
    global_batch: Option = None, micro_batch: Option = None, zero: Option = None,
    sequence_parallel: bool | None = None, cp: Option = None, ep: Option = None, expert_tp: Option = None,
    virtual_stages: Option = None, schedule: Option = None, attention: Option = None, precision: Option = None,
    sequence: Option = None, bucket: Option = None, overlap: Option = None, dispatch: Option = None,
    zero_npus: Option = None, optimizer: Option = None, stored_gradients: Option = None,
    sent_gradients: Option = None, loss: Option = None, whole_graphs: bool | None = None,
    recompute_modules: Option = None, offload_layers: Option = None, predict_more: Option = None,
    lora_rank: Option = None, lora_targets: Option = None, placement: Option = None, tiers: Option = None,
    fast: Option = None, offload: Option = None, workload: Option = None, groups: Option = None,
    communicator: Option = None, memory: Option = None, group_route: Option = None, classes: Option = None,
    prices: Option = None, npu: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None, require_fit: bool | None = None, timeline: Option = None
) -> Answer: ...
def table(
    *words: Value | Job, table: Option = None, output: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None
) -> Answer: ...
def validate(
    *words: Value | Job, data: Option = None, leave_one_out: bool | None = None, split: Option = None,
    fit: Option = None, rows: Option = None, step_errors: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None
) -> Answer: ...
def verify(
    *words: Value | Job, proof: Option = None, format: Option = None, html: Option = None,
    timing: bool | None = None, output: Option = None
) -> Answer: ...
def ask(*words: Value) -> Any: ...
def commands() -> list[dict[str, Any]]: ...
def schema(kind: str) -> str: ...
def lists(what: str | None = None) -> Names: ...
def libraries() -> Names: ...
def machines() -> Names: ...
def models() -> Names: ...
def networks() -> Names: ...
def npus() -> Names: ...
def prices() -> Names: ...
