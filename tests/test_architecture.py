"""The rules of the house: who may import whom, and one doorman per library."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from newsfeed.store.dialect import DATABASES

PACKAGE = Path(__file__).parents[1] / "newsfeed"

# Room -> rooms it may import. A room is a module or a folder directly below the package.
BASE = {"model", "errors", "text", "lazy"}
PURE = {"opml", "text", "sources", "feeds", "topics", "stories", "breadth", "edition", "render"}
IO = {"fetch", "store", "deliver", "reading", "config"}
ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "lazy": set(),
    "text": {"model", "errors", "lazy"},
    **dict.fromkeys(PURE - {"text"}, BASE),
    "edition": BASE | {"breadth"},
    **dict.fromkeys(IO, BASE),
    "reading": BASE | {"sources"},
    "demo": BASE,
    "pipeline": BASE | PURE | IO | {"demo"},
    "schedule": BASE | {"pipeline", "config", "feeds"},
    "web": BASE | {"pipeline", "config", "render", "feeds"},
    "team": BASE | PURE | IO | {"pipeline", "web"},
    "cli": BASE | {"pipeline", "config", "schedule", "web", "feeds", "team"},
    "__main__": {"cli"},
    "__init__": set(),
}

# Library -> the rooms that may import it.
DOORMEN: dict[str, set[str]] = {
    "feedparser": {"reading"},
    "httpx": {"fetch"},
    "httpcore": {"fetch"},
    "imaplib": {"fetch"},
    "imapclient": {"fetch"},
    "sqlalchemy": {"store"},
    **{known.driver: {"store"} for known in DATABASES.values()},
    "psycopg": {"store", "team"},
    "procrastinate": {"team"},
    "authlib": {"team"},
    "httpx2": {"team"},
    "joserfc": {"team"},
    "webauthn": {"team"},
    "cryptography": {"team"},
    "sklearn": {"topics"},
    "scipy": {"topics"},
    "numpy": {"topics", "stories", "edition"},
    "lxml": {"opml", "text", "sources", "reading"},
    "nh3": {"text"},
    "jinja2": {"render", "web"},
    "apscheduler": {"schedule"},
    "trafilatura": {"sources"},
    "protego": {"sources"},
    "charset_normalizer": {"text"},
    "smtplib": {"deliver"},
    "typer": {"cli"},
    "rich": {"cli"},
    "urllib.request": set(),
    "http.client": set(),
    "requests": set(),
    "aiohttp": set(),
    "socket": {"fetch", "web", "team"},
    "starlette": {"web", "team"},
    "uvicorn": {"web", "team"},
    "segno": {"web"},
    "tomlkit": {"config"},
    "http.server": {"demo"},
    "pickle": set(),
}

FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module, read once for all that look at it."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> list[tuple[str, int]]:
    """Every module that a file imports, absolute, with its line; imports for type checking count too."""
    found = []
    package = ("newsfeed", *path.relative_to(PACKAGE).parts[:-1])
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))
            if base == "newsfeed":
                found += [(f"newsfeed.{alias.name}", node.lineno) for alias in node.names]
            else:
                found += [
                    (base, node.lineno),
                    *((f"{base}.{alias.name}", node.lineno) for alias in node.names),
                ]
    return found


def test_imports_go_one_way() -> None:
    wrong = []
    for path, here in ((path, room(path)) for path in FILES):
        assert here in ALLOWED, f"{here} is a new room: give it its place in ALLOWED"
        for name, line in imports(path):
            parts = name.split(".")
            ours = parts[0] == "newsfeed" and len(parts) > 1 and parts[1] not in {"__version__", here}
            if ours and parts[1] not in ALLOWED[here]:
                wrong.append(f"{place(path)}:{line} imports {name}")
            for library, rooms in DOORMEN.items():
                if (name == library or name.startswith(library + ".")) and here not in rooms:
                    wrong.append(f"{place(path)}:{line} imports {library}, whose doormen are {sorted(rooms)}")
    assert not wrong


PURE_FILES = [p for p in FILES if room(p) in PURE | {"model", "errors", "lazy"}]
FORBIDDEN_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "os.environ",
    "os.getenv",
    "open",
    "random.random",
    "uuid.uuid4",
}


def test_pure_rooms_read_no_clock_environment_or_random_source() -> None:
    wrong = []
    for path in PURE_FILES:
        for node in nodes(path):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in FORBIDDEN_CALLS:
                wrong.append(f"{place(path)}:{node.lineno} calls {ast.unparse(node.func)}")
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ":
                wrong.append(f"{place(path)}:{node.lineno} reads os.environ")
    assert not wrong


DIALECTS = {known.module.rpartition(".")[2] + ".py" for known in DATABASES.values()}


def test_only_its_own_module_of_the_store_knows_a_dialect() -> None:
    own = (
        "sqlalchemy.dialects",
        *(name for known in DATABASES.values() for name in (known.module, known.driver)),
    )
    wrong = [
        f"{path.name}:{line} imports {name}"
        for path in (PACKAGE / "store").glob("*.py")
        if path.name not in DIALECTS
        for name, line in imports(path)
        if name.startswith(own)
    ]
    assert not wrong


def modules_imported(path: Path, every: dict[str, Path]) -> set[str]:
    """Our modules that a file imports. `from package import name` counts as the package unless `name` is a module in it."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in every else str(node.module) for name in names}
    return found & set(every)


def circles(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is left after repeatedly taking out modules that import no other, or that no other imports."""
    left = dict(graph)
    while True:
        wanted = {name for wants in left.values() for name in wants}
        free = {name for name, wants in left.items() if not wants or name not in wanted}
        if not free:
            return left
        left = {name: wants - free for name, wants in left.items() if name not in free}


def test_no_module_imports_itself_by_way_of_others() -> None:
    every = {}
    for path in FILES:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        every[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {name: modules_imported(path, every) - {name} for name, path in every.items()}
    assert circles(graph) == {}
    round_trip = {"a": {"b"}, "b": {"c"}, "c": {"a"}}
    assert circles({**round_trip, "above": {"a", "below"}, "below": set()}) == round_trip


def twice(places: dict[str, set[str]]) -> dict[str, list[str]]:
    """The names that are used in more than one room."""
    return {name: sorted(rooms) for name, rooms in sorted(places.items()) if len(rooms) > 1}


def test_no_file_name_stands_in_two_rooms() -> None:
    places: dict[str, set[str]] = {}
    for path in FILES:
        if path.stem not in {"__init__", "__main__"}:
            places.setdefault(path.name, set()).add(room(path))
    assert twice(places) == {}


def test_no_class_name_stands_in_two_rooms() -> None:
    places: dict[str, set[str]] = {}
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, set()).add(room(path))
    assert twice(places) == {}


def test_the_options_of_an_outline_are_read_in_one_place() -> None:
    """`text.options` interprets what is written; everywhere else it is only kept, compared and written again."""
    wrong = []
    for path in FILES:
        for node in nodes(path):
            read = (node.value if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) else node.func.value
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
                    else None)  # fmt: skip
            if isinstance(read, ast.Attribute) and read.attr == "options":
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node)}")
    assert wrong == []


LONGEST = 450  # lines of a module


def test_no_module_is_long() -> None:
    lines = {str(p.relative_to(PACKAGE)): len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    assert {name: number for name, number in lines.items() if number > LONGEST} == {}


TUNED = PACKAGE / "edition" / "constants.py"
SOURCES_OF_NUMBERS = {"pages", "reader", "value", "note", "page", "guard", "promise"}


def numbers(path: Path) -> dict[str, ast.stmt]:
    """The numbers at the top of a module, by name."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            plain = not any(isinstance(n, ast.Call | ast.FunctionType) for n in ast.walk(node.value))
            if plain and any(type(getattr(n, "value", None)) in {int, float} for n in ast.walk(node.value)):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                found[ast.unparse(target)] = node
    return found


def test_what_may_be_tuned_in_the_choice_stands_in_one_table_each_with_where_it_is_from() -> None:
    elsewhere = {
        f"{path.name}: {name}"
        for path in TUNED.parent.glob("*.py")
        if path != TUNED
        for name in numbers(path)
    }
    assert not elsewhere
    lines = TUNED.read_text(encoding="utf-8").splitlines()
    for name, node in numbers(TUNED).items():
        above = lines[node.lineno - 2]
        said = "\n".join([above if above.startswith("#") else "", *lines[node.lineno - 1 : node.end_lineno]])
        marks = {mark for group in re.findall(r"\[([a-z, ]+)\]", said) for mark in group.split(", ")}
        assert marks & SOURCES_OF_NUMBERS, name


SLOW = [
    "sklearn",
    "scipy",
    "numpy",
    "sqlalchemy",
    "feedparser",
    "httpx",
    "jinja2",
    "lxml",
    "apscheduler",
]


def test_help_loads_no_slow_library() -> None:
    code = (
        "import sys\n"
        "from newsfeed.__main__ import main\n"
        "try:\n main(['--help'])\nexcept SystemExit:\n pass\n"
        f"print([m for m in {SLOW!r} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]", done.stderr


def test_the_keys_of_meta_stand_in_one_list() -> None:
    """`pipeline.meta` names those of the verbs, each with the type of its value."""
    made = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Fact"
    }
    assert made == {"pipeline/meta.py"}


# The verbs' own rooms, from the lowest up: each imports those before it, and the modules beside them.
VERBS = ("morning", "subscriptions", "answers", "care")


def test_the_rooms_of_the_verbs_import_one_way() -> None:
    wrong = []
    for path in (path for path in FILES if room(path) == "pipeline"):
        parts = path.relative_to(PACKAGE).parts
        allowed = VERBS[: VERBS.index(parts[1]) + 1] if len(parts) > 2 else ()
        wrong += [
            f"{place(path)}:{line} imports {name}"
            for name, line in imports(path)
            if name.startswith("newsfeed.pipeline.")
            and name.split(".")[2] in VERBS
            and name.split(".")[2] not in allowed
        ]
    assert not wrong
