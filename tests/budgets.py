"""Sources stay small: the budgets of CONTRIBUTING.md; run from the project's root:
    python3 -B tests/budgets.py
"""
import ast
import collections
import pathlib
import re
import sys

MOST_LINES = {".h": 150, ".cpp": 400, ".py": 400, ".js": 400, ".cmake": 400}
# Of the project's C++ sources one in ten at most has more lines than
USUAL_LINES = 300
MOST_LINES_OF_A_FUNCTION = 60
MOST_SOURCES_OF_A_FOLDER = 25
MOST_LINES_OF_CLI = 4500
OTHER_FOLDERS = {"build", "output", "node_modules", "site"}

# Sources without a header of their name: each has one function of a list, or is where a program or a module begins.
LISTS = {"cli": "cli/commands.h", "study/recipe": "study/recipe/launchers.h"}
BEGINNINGS = re.compile(
    r"cli/main\.cpp|python/module\.cpp|runner/mpi\.cpp|(tests|benchmarks)/.*_(test|fuzz|benchmark)\.cpp")


def sources():
    """Every source of the project and its lines, by path from its root."""
    found = {}
    for path in sorted(pathlib.Path().rglob("*")):
        if path.suffix not in MOST_LINES or not path.is_file():
            continue
        if any(part in OTHER_FOLDERS or part.startswith(".") for part in path.parts):
            continue
        found[path] = path.read_text(encoding="utf-8").splitlines()
    return found


def functions_of_python(lines):
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef):
            yield node.lineno, node.end_lineno


def functions_of_cpp(lines):
    """As clang-format writes them a function ends with the first brace that is indented as its first line is:
    what is inside is indented more. Blocks inside functions are told as well, which are shorter."""
    begins = {}
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        if line.strip() == "}" and indent in begins:
            yield begins[indent], number
        elif re.match(r" *[\w~\[]", line):
            begins[indent] = number


FUNCTIONS = {".h": functions_of_cpp, ".cpp": functions_of_cpp, ".py": functions_of_python}


def has_header(path, lines, paths):
    """Whether a source includes the header of its name, or of the words its name begins with."""
    words = path.stem.split("_")
    beginnings = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    headers = {path.with_name(name + ".h") for name in beginnings}.intersection(paths)
    headers.add(LISTS.get(path.parent.as_posix()))
    return any(f'#include "{header}"' in lines for header in headers)


def problems():
    files = sources()
    folders = collections.Counter(path.parent for path in files)
    for path, lines in files.items():
        if len(lines) > MOST_LINES[path.suffix]:
            yield f"{path}: {len(lines)} lines, at most {MOST_LINES[path.suffix]}"
        for begin, end in FUNCTIONS.get(path.suffix, lambda lines: [])(lines):
            if end - begin >= MOST_LINES_OF_A_FUNCTION:
                yield f"{path}:{begin}: a function of {end - begin + 1} lines, at most {MOST_LINES_OF_A_FUNCTION}"
        if path.suffix == ".cpp" and not BEGINNINGS.fullmatch(path.as_posix()) and not has_header(path, lines, files):
            yield f"{path}: no header of its name, nor of the words its name begins with"
    for folder, count in folders.items():
        if count > MOST_SOURCES_OF_A_FOLDER:
            yield f"{folder}: {count} sources, at most {MOST_SOURCES_OF_A_FOLDER}"
    cpp = [len(lines) for path, lines in files.items() if path.suffix == ".cpp"]
    large = sum(lines > USUAL_LINES for lines in cpp)
    if large > len(cpp) / 10:
        yield f"{large} of {len(cpp)} sources have more than {USUAL_LINES} lines, at most one in ten may"
    cli = sum(len(lines) for path, lines in files.items() if path.parts[0] == "cli")
    if cli > MOST_LINES_OF_CLI:
        yield f"cli: {cli} lines, at most {MOST_LINES_OF_CLI}"


found = list(problems())
for problem in found:
    print(problem)
sys.exit(bool(found))
