"""A call as a command line, and its answer."""

import json
import os
from collections.abc import Mapping
from functools import cache
from inspect import Parameter, Signature
from keyword import iskeyword

from . import _bandwright
from ._answer import Answer
from ._bandwright import InputError, NoAnswer, version

InputError.__module__ = NoAnswer.__module__ = "bandwright"

# Answered before a thread could have started; what may take long is answered aside, where Ctrl-C is heard.
QUICK = {"estimate", "cost", "list"}
SLOW = {"--tiers", "--timeline"}  # with these tensors are placed, all of a step is written


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while a question was answered. ``answer`` is what had been found: an Answer, or None."""

    def __init__(self, answer=None):
        super().__init__("interrupted" + ("" if answer is None else "; .answer is what had been found"))
        self.answer = answer


class Job(Mapping):
    """A workload on a machine or a network, divided: options by name, for any question about it.

    ``Job("llama3-70b", machine="dgx-h100", npus=512, tp=8)``; ``job.but(tp=4)`` is another one. It is a mapping of what
    was given, and its options are attributes.
    """

    __slots__ = ("_options",)

    def __init__(self, model=None, /, **options):
        if model is not None:
            if "model" in options:
                raise TypeError("Job() has two models")
            options = {"model": model, **options}
        for name in options:
            if name not in _job_options():
                raise InputError(f"unknown option '{name}' of a job (known: {', '.join(_job_options())})")
        self._options = {name: value for name, value in options.items() if value is not None}

    def but(self, **changes):
        """The same job with some options changed; None takes one away."""
        return Job(**{**self._options, **changes})

    def __getattr__(self, name):
        if name in _job_options():
            return self._options.get(name)
        raise AttributeError(name)

    def __getitem__(self, name):
        return self._options[name]

    def __iter__(self):
        return iter(self._options)

    def __len__(self):
        return len(self._options)

    def __hash__(self):
        return hash(repr(sorted(self._options.items(), key=str)))

    def __repr__(self):
        return f"Job({', '.join(f'{name}={value!r}' for name, value in self._options.items())})"


@cache
def _job_options():
    return tuple(_bandwright.job_options())


@cache
def _command_table():
    return {command["name"]: command for command in _bandwright.commands()}


def commands():
    """Every command with its options: their keywords, types, defaults and help, as the command line has them."""
    return [{**command, "options": [dict(option) for option in command["options"]]}
            for command in _command_table().values()]


def ask(*words):
    """The answer to a command line given word by word: ``ask("optimize", "4D", 325, "175B", "Perf")``."""
    texts = [text_of(word) for word in words]
    return _answered(texts[0] if texts else "", texts, aside=True)


def text_of(value):
    """A value as a word of the command line."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, default=_plain)
    if isinstance(value, (os.PathLike, bytes)):
        return os.fsdecode(value)
    if isinstance(value, (list, tuple)) or (hasattr(value, "__iter__") and not isinstance(value, str)):
        return ",".join([text_of(each) for each in value])
    return str(value)


def _plain(value):
    """What JSON has no word for: numbers of numpy, mappings, sequences."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.item() if hasattr(value, "item") else list(value) if hasattr(value, "__iter__") else str(value)


class _Words:
    """How a command's keywords become words: its positionals by name, options that may be repeated, and flags."""

    __slots__ = ("name", "command", "positionals", "repeatable", "flags", "names")

    def __init__(self, name):
        table = _command_table()[name]
        self.name = name
        self.command = name.split()
        options = table["options"]
        self.positionals = [option["keyword"] for option in options if option["positional"]]
        self.repeatable = {option["keyword"] for option in options if option["repeatable"]}
        self.flags = {option["keyword"] for option in options if option["flag"]}
        # A keyword that stands for an option although a positional has its name, too, is the option.
        self.names = {option["keyword"]: "--" + option["name"] for option in options if not option["positional"]}

    def of(self, words, options):
        if words and isinstance(words[0], Job):
            options = {**words[0], **options}
            words = words[1:]
        typed = self.command.copy()
        named = {}
        for name, value in options.items():
            if value is None:
                continue
            option = self.names.get(name)
            if option is None:
                if name in self.positionals:
                    named[name] = value
                    continue
                option = "--" + name.replace("_", "-")
            if isinstance(value, bool):
                typed.append(option if value else option + "=false")
            elif name in self.repeatable and isinstance(value, (list, tuple)):
                for each in value:
                    typed += (option, text_of(each))
            else:
                typed += (option, text_of(value))
        texts = self._positional(words, named)
        if texts and texts[0].startswith("-") or self.name == "scale measure":
            typed.append("--")
        return typed + texts

    def _positional(self, words, named):
        texts = [text_of(word) for word in words if word is not None]
        if not named:
            return texts
        for place, name in enumerate(self.positionals):
            if name in named:
                if len(texts) > place:
                    raise InputError(f"<{name}> is given twice: {text_of(named[name])!r} and {texts[place]!r}")
                value = named[name]
                many = name in self.repeatable and isinstance(value, (list, tuple))
                texts += [text_of(each) for each in value] if many else [text_of(value)]
        return texts


@cache
def _words_of(name):
    return _Words(name)


def _answered(name, texts, aside):
    status, document, text, interrupted = _bandwright.ask(
        [text if text.isascii() else os.fsencode(text) for text in texts], aside)
    answer = None if document is None else Answer(document, name, texts)
    if interrupted:
        raise Interrupted(answer)
    if answer is not None:
        return answer
    if status == 0:
        return text
    raise NoAnswer(f"bandwright {' '.join(texts)}: no answer (its exit status is {status})")


def function_of(name, called=None):
    """The function that asks the command ``name``."""
    quick = name in QUICK

    def question(*words, **options):
        texts = _words_of(name).of(words, options)
        return _answered(name, texts, aside=not quick or not SLOW.isdisjoint(texts))

    question.__name__ = question.__qualname__ = called or name.replace(" ", "_")
    question.__module__ = "bandwright"
    question.command = name
    question.__signature__ = _signature(name)
    question.__doc__ = docstring(name)
    return question


def schema(kind):
    """The JSON schema of a kind of input, such as "machine"."""
    return _answered("check", ["check", "--schema", text_of(kind)], aside=False)


def _signature(name):
    """Words, then every option as a keyword, for help() and for completion in notebooks."""
    options = [option["keyword"] for option in _command_table()[name]["options"] if not option["positional"]]
    known = [option for option in dict.fromkeys(options) if option.isidentifier() and not iskeyword(option)]
    return Signature([Parameter("words", Parameter.VAR_POSITIONAL),
                      *(Parameter(option, Parameter.KEYWORD_ONLY, default=None) for option in known)])


def docstring(name):
    """What the command does and takes."""
    table = _command_table()[name]
    lines = [table["help"] + ".", "", f"As `bandwright {name}` on the command line. Returns an Answer."]
    words = [option for option in table["options"] if option["positional"]]
    if words:
        lines += ["", "Words"]
        for option in words:
            lines += _described(option["keyword"], option["words"].strip() or option["help"])
    lines += ["", "Keywords"]
    for option in table["options"]:
        if not option["positional"] and option["group"]:
            kind = "flag" if option["flag"] else option["type"]
            default = f", {option['default']} where left out" if option["default"] else ""
            required = ", needed" if option["required"] else ""
            lines += _described(f"{option['keyword']}: {kind}{default}{required}", option["help"])
    return "\n".join(lines + ["", "Command line", table["examples"]])


def _described(head, text):
    return [f"    {head}", *(f"        {line.strip()}" for line in text.splitlines())]
