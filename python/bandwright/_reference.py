"""Pages of Markdown about the module and the command line, made of what both say of themselves.

python3 -m bandwright._reference python|commands
"""

import inspect
import sys

import bandwright as bw


def python_page():
    """Every public name with its docstring; of functions that are commands, what each keyword means."""
    print("# Python reference\n\nMade from the module; [Python](python.md) shows how it is used.\n")
    functions = {command["name"]: command for command in bw.commands()}
    for name in sorted(set(bw.__all__), key=lambda name: (not name[0].isupper(), name)):
        thing = getattr(bw, name)
        asked = getattr(thing, "command", None)
        print(f"## {name}\n")
        if isinstance(asked, str) and asked in functions:
            print_command(functions[asked])
        elif inspect.isclass(thing):
            print((cleaned(thing) if "__doc__" in vars(thing) else "") + "\n")
            for method, member in sorted(vars(thing).items()):
                if not method.startswith("_") and (callable(member) or isinstance(member, property)):
                    print(f"- `{method}`: {' '.join(cleaned(member).split())}")
            print()
        else:
            print(cleaned(thing) + "\n")


def cleaned(thing):
    return (inspect.getdoc(thing) or "").replace("``", "`")


def print_command(command):
    print(f"`bandwright {command['name']}`: {command['help']}\n")
    print("| keyword | on the command line | meaning |\n|---|---|---|")
    for option in command["options"]:
        words = option["keyword"] if option["positional"] else f"--{option['keyword'].replace('_', '-')}"
        print(f"| `{option['keyword']}` | `{words}` | {in_a_cell(option['help'])} |")
    print()


def in_a_cell(text):
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def commands_page():
    print("# Commands\n\nWhat `--help-all` of each command says.\n")
    for command in bw.commands():
        print(f"## {command['name']}\n\n{command['help']}\n\n| option | meaning |\n|---|---|")
        for option in command["options"]:
            words = option["keyword"].upper() if option["positional"] else f"--{option['keyword'].replace('_', '-')}"
            print(f"| `{words}` | {in_a_cell(option['help'])} |")
        print()


if __name__ == "__main__":
    {"python": python_page, "commands": commands_page}[sys.argv[1]]()
