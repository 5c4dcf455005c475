"""Answers as objects."""

import json


class Record(dict):
    """An object of an answer: a dict whose keys are attributes, too."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self):
        return [*super().__dir__(), *self]


class Rows(list):
    """A table of an answer: a list of Records."""

    def frame(self):
        """The table as a pandas DataFrame."""
        return _pandas().DataFrame(list(self))


def _pandas():
    try:
        import pandas
    except ImportError:
        raise ImportError("frames need pandas: install Debian's python3-pandas, or `pip install pandas`") from None
    return pandas


def _with_attributes(value):
    if type(value) is dict:
        return Record({name: _with_attributes(each) for name, each in value.items()})
    if type(value) is list and value and type(value[0]) is dict:
        return Rows(Record(row) for row in value)
    return value


class Answer:
    """What a command answers. Its values are attributes with the names of docs/json.md, whose endings say the unit:
    ``step_time_s`` in seconds, ``memory_bytes``, ``bandwidth_gb_per_s``, ``cost_usd``; what is not known is None.

    ``str(answer)`` is the command's text, and a notebook shows the page. ``frame()`` is its main table for pandas.
    """

    __slots__ = ("_document", "_command", "_words", "_values")

    def __init__(self, document, command, words):
        self._document = document
        self._command = command
        self._words = words
        self._values = {}

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"the answer of `{self._command}` has no '{name}'; it has {', '.join(self.names())}") from None

    def __getitem__(self, name):
        if name not in self._values:
            self._values[name] = _with_attributes(self._document.value(name))
        return self._values[name]

    def __contains__(self, name):
        return name in self.names()

    def __dir__(self):
        return [*super().__dir__(), *self.names()]

    @property
    def bandwidths(self):
        """GB/s per NPU of each dimension, the innermost first: `bandwidth_gb_per_s`, as one says it."""
        return self["bandwidth_gb_per_s"]

    def names(self):
        """The names of all values, in the order of the JSON."""
        return self._document.names()

    @property
    def title(self):
        """What was asked about, in a line."""
        return self._document.title

    @property
    def command(self):
        """The command line that gives this answer, word by word."""
        return ["bandwright", *self._words]

    def frame(self, table=None):
        """A table as a pandas DataFrame, by name; without one the answer's main table, or its values as one row."""
        return _pandas().DataFrame(self._document.columns(table or ""))

    def to_dict(self):
        """The answer as the JSON has it: dicts, lists, texts and numbers."""
        return json.loads(self._document.json())

    def to_json(self, path=None):
        """The answer as `--format json` writes it; into a file where a path is given."""
        return _written(self._document.json(), path)

    def to_csv(self, path=None):
        """The answer as `--format csv` writes it; into a file where a path is given."""
        return _written(self._document.csv(), path)

    def to_html(self, path=None):
        """The answer as a page of its own; into a file where a path is given."""
        return _written(self._document.html(list(self._words)), path)

    def plot(self, figure=None, **options):
        """The picture that `--plot` of the command or `bandwright plot` draws of this answer, as a Figure that a notebook
        shows. Of an experiment `figure` names which (fig12, pareto ...), with view= and loop=."""
        from ._figure import drawn
        return drawn(self, self._command, figure, options)

    def to_perfetto(self, path):
        """The step as a timeline for ui.perfetto.dev, compressed where the path ends in .gz: asks `simulate` or `estimate`
        again with --timeline. Returns the path."""
        from ._ask import InputError, ask
        if self._words[0] not in ("simulate", "estimate"):
            raise InputError(f"the answer of `{self._command}` has no timeline; those of simulate and estimate have")
        ask(self._words[0], "--timeline", path, *self._words[1:])
        return path

    def text(self, width=100):
        """What the command prints, in lines of at most so many columns."""
        return self._document.text(width)

    def __str__(self):
        return self.text()

    def __repr__(self):
        return self.text()

    def _repr_html_(self):
        return self._document.fragment()

    def __eq__(self, other):
        return isinstance(other, Answer) and self._document.json() == other._document.json()

    def __hash__(self):
        return hash(self._document.json())

    def __reduce__(self):
        return (_asked_again, (self._words,))


def _asked_again(words):
    from ._ask import ask
    return ask(*words)


def _written(text, path):
    if path is None:
        return text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return None
