"""Writes python/bandwright/__init__.pyi, the types of the module, from the table of commands: python3 -m bandwright._stubs"""

import keyword
import textwrap

import bandwright as bw

HEAD = '''\
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
'''
LISTS = ("libraries", "machines", "models", "networks", "npus", "prices")
# Options whose answer is a text, which has a function of its own.
TEXTS = {"check": {"schema", "reference"}}
RETURNS = {"import_file": "str"}


def parameter(option):
    """No option is needed here: a Job may have it."""
    return f"{option['keyword']}: {'bool | None' if option['flag'] else 'Option'} = None"


def wrapped(parameters, indent):
    """Lines of whole parameters."""
    unbroken = [each.replace(" ", "\0") for each in parameters]
    lines = textwrap.fill(", ".join(unbroken), 116, initial_indent=indent, subsequent_indent=indent,
                          break_long_words=False, break_on_hyphens=False)
    return lines.replace("\0", " ")


def function(name, command):
    """Its stub: words, then keywords."""
    left_out = TEXTS.get(command["name"], set())
    options = [option for option in command["options"] if option["keyword"] not in left_out]
    spoken = [option for option in options if not option["positional"] and not keyword.iskeyword(option["keyword"])]
    positional = [option for option in options
                  if option["positional"] and option["keyword"] not in {"words", *(o["keyword"] for o in spoken)}]
    parameters = ["*words: Value | Job", *(parameter(option) for option in positional),
                  *(parameter(option) for option in spoken)]
    text = f"def {name}({', '.join(parameters)}) -> {RETURNS.get(name, 'Answer')}: ..."
    if len(text) <= 118:
        return text
    return f"def {name}(\n{wrapped(parameters, '    ')}\n) -> {RETURNS.get(name, 'Answer')}: ..."


def job_class():
    """Its options are keywords and attributes."""
    from bandwright._ask import _job_options
    keywords = wrapped([f"{name}: Option = None" for name in _job_options() if name != "model"], "        ")
    return ("class Job(Mapping[str, Any]):\n"
            f"    def __init__(\n        self, model: Option = None, *,\n{keywords}\n    ) -> None: ...\n"
            "    def but(self, **changes: Option) -> Job: ...\n"
            "    def __getattr__(self, name: str) -> Any: ...\n"
            "    def __getitem__(self, name: str) -> Any: ...\n"
            "    def __iter__(self) -> Iterator[str]: ...\n"
            "    def __len__(self) -> int: ...\n")


def main():
    commands = {command["name"]: command for command in bw.commands()}
    print(HEAD)
    print(job_class())
    for name in sorted(set(bw.__all__)):
        asked = getattr(getattr(bw, name), "command", None)
        if isinstance(asked, str):
            print(function(name, commands[asked]))
    print("def ask(*words: Value) -> Any: ...")
    print("def commands() -> list[dict[str, Any]]: ...")
    print("def schema(kind: str) -> str: ...")
    print("def lists(what: str | None = None) -> Names: ...")
    for name in LISTS:
        print(f"def {name}() -> Names: ...")


if __name__ == "__main__":
    main()
