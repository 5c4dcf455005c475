"""What the other functions understand: the lists of `bandwright list`."""

from ._answer import Rows
from ._ask import function_of

_list = function_of("list")


class Names(Rows):
    """Entries with their help; ``name in`` and iteration over ``.names`` are by name."""

    @property
    def names(self):
        return [entry.name for entry in self]

    def __contains__(self, name):
        return name in self.names if isinstance(name, str) else super().__contains__(name)

    def __repr__(self):
        width = max((len(name) for name in self.names), default=0)
        return "\n".join(f"{entry.name:<{width}}  {entry.help}" for entry in self)

    def _repr_html_(self):
        return self.frame()[["name", "help"]].to_html(index=False)


def lists(what=None):
    """The entries of one list, such as "experiments", or of all: rows of list, name and help."""
    return Names(_list(what).entries)


def models():
    """Transformers, networks on images and layer tables that come along; any other as a file or a dict."""
    return lists("models")


def machines():
    """Machines that come along; any other as a file or a dict."""
    return lists("machines")


def libraries():
    """Communication libraries that come along; any other as a file or a dict."""
    return lists("libraries")


def npus():
    """Accelerators that machines name; any other as a file or a dict."""
    return lists("npus")


def networks():
    """Networks that come along; any other as Ring(8)_Switch(128), a file or a dict."""
    return lists("networks")


def prices():
    """Price lists that come along; any other as a file or a dict."""
    return lists("prices")
