"""What makes a feature another one when it is served: clocks, files, networks, memory, whole batches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from ml_lifecycle.discovery.review.feature_functions import answers_requests, is_declared, seems_to_make_features
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.flags import find_flags
from ml_lifecycle.discovery.review.later_rows import find_later_rows
from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, constant, keyword, names_in, names_of, tail
from ml_lifecycle.discovery.risks.names import words_of

_CLOCKS: Final = frozenset({"now", "utcnow", "today", "localtime", "gmtime", "time"})
_CLOCK_OWNERS: Final = ("datetime", "date", "Timestamp", "time", "pd", "pandas", "arrow", "pendulum", "timezone")
_SAYS_NOW: Final = frozenset({"now", "today"})
#: Calls that only write down what is told.
_LOGS: Final = names_of(
    "info debug warning error exception log print observe timing write insert save emit send record track publish "
    "log_metric log_param"
)
_STAMPS: Final = names_of("timestamp time at when created served scored ts")
_NETWORK: Final = ("requests.", "httpx.", "urllib.", "aiohttp.", "socket.", "boto3.")
_FILES: Final = names_of(
    "open read_text read_bytes read_csv read_parquet read_sql read_excel read_json read_feather read_sql_query "
    "read_table"
)
_CHANGES: Final = names_of("append add update setdefault extend pop insert remove discard")
_OVER_ROWS: Final = names_of(
    "mean std median min max sum quantile var mode rank shift cumsum cumcount cummax rolling expanding ewm diff "
    "pct_change value_counts factorize qcut get_dummies groupby bfill ffill interpolate nunique duplicated"
)
_DECLARED, _SEEMS = 92, 83


def find_serving_differences(file: PythonFile, named: AbstractSet[str]) -> Iterator[Finding]:
    """Find what differs between learning and serving.

    Args:
        file: The file.
        named: Functions of this file that the YAML names as feature functions.
    """
    for scope in file.scopes:
        declared = is_declared(file, scope, named)
        yield from find_later_rows(file, scope, declared=declared)
        if scope is file.module or not (declared or seems_to_make_features(scope) or answers_requests(file, scope)):
            continue
        sure = _DECLARED if declared else _SEEMS
        for node, what, confidence in (
            *_clocks(file, scope, sure),
            *_outside(file, scope, sure, declared=declared),
            *_memory(file, scope, sure),
            *(_batches(scope) if declared else ()),
            *find_flags(scope, sure),
        ):
            said = f"{scope.name} {what}"
            yield Finding(Rule.SERVING_DIFFERENCE, file.path, getattr(node, "lineno", 1), confidence, said)


def _clocks(file: PythonFile, scope: Scope, sure: int) -> Iterator[tuple[ast.AST, str, int]]:
    logged = {id(item) for call in scope.calls if tail(call) in _LOGS for item in ast.walk(call)}
    timed = {id(item) for item in _timed(scope)}
    stamps = {id(item) for item in _stamps(scope)}
    for call in scope.calls:
        owner, _, last = file.full(call).rpartition(".")
        clock = last in _CLOCKS and owner.rpartition(".")[2] in _CLOCK_OWNERS
        says = last in {"to_datetime", "Timestamp", "datetime64"} and call.args and constant(call.args[0]) in _SAYS_NOW
        if (clock or says) and id(call) not in logged | timed | stamps:
            yield call, f"reads the clock ({ast.unparse(call)[:40]})", sure


def _stamps(scope: Scope) -> Iterator[ast.AST]:
    """Clocks under a key of an answer that says when it was given."""
    for node in scope.nodes:
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if words_of(str(constant(key))) & _STAMPS:
                    yield from ast.walk(value)


def _timed(scope: Scope) -> Iterator[ast.AST]:
    """Clocks that only measure how long something takes, or are written down beside the features."""
    starts = {
        "start",
        "started",
        "begin",
        "began",
        "begun",
        "t0",
        "tic",
        "t1",
        "toc",
        "end",
        "elapsed",
        "took",
        "duration",
    }
    for target, value in scope.assignments:
        if isinstance(target, ast.Name) and target.id.lower().removesuffix("_time").removesuffix("_at") in starts:
            yield from ast.walk(value)
    for node in scope.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Name) and node.right.id.lower() in starts:
            yield from ast.walk(node.left)


def _outside(file: PythonFile, scope: Scope, sure: int, *, declared: bool) -> Iterator[tuple[ast.AST, str, int]]:
    guarded = _guarded(scope)
    for call in scope.calls:
        full = file.full(call)
        if id(call) in guarded:
            continue
        if full.startswith(_NETWORK):
            yield call, f"asks the network ({full})", sure
        elif tail(call) in _FILES and (declared or _is_side_table(scope, call)):
            yield call, f"reads a file or a database while rows are at hand ({tail(call)})", sure
        elif full in {"os.getenv", "os.environ.get"} and declared:
            yield call, f"depends on the environment ({full})", sure - 6


def _is_side_table(scope: Scope, call: ast.Call) -> bool:
    """Whether a table with a fixed name is read beside the rows that were given."""
    return bool(call.args) and isinstance(constant(call.args[0]), str) and bool(scope.parameters)


def _guarded(scope: Scope) -> set[int]:
    """Nodes below `if x is None` and `if key not in cache`: what is loaded or remembered once."""
    guarded: set[int] = set()
    for node in scope.nodes:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare | ast.UnaryOp):
            signs = node.test.ops if isinstance(node.test, ast.Compare) else [node.test.op]
            if any(isinstance(sign, ast.Is | ast.NotIn | ast.Not) for sign in signs):
                guarded |= {id(item) for inner in node.body for item in ast.walk(inner)}
    return guarded


def _memory(file: PythonFile, scope: Scope, sure: int) -> Iterator[tuple[ast.AST, str, int]]:
    own = {ast.unparse(target) for target, _ in scope.assignments} | set(scope.parameters)
    held = {
        target.id
        for target, value in file.module.assignments
        if isinstance(target, ast.Name)
        and isinstance(value, ast.Dict | ast.List | ast.Set | ast.Call)
        and target.id not in own
    }
    declared = {name for node in scope.nodes if isinstance(node, ast.Global) for name in node.names}
    guarded = _guarded(scope)
    for node in scope.nodes:
        if id(node) in guarded:
            continue
        changed: str | None = None
        if isinstance(node, ast.Assign | ast.AugAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Subscript) and names_in(target.value) & held:
                changed = ast.unparse(target.value)
            elif isinstance(target, ast.Name) and target.id in declared:
                changed = target.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and tail(node) in _CHANGES:
            changed = ast.unparse(node.func.value) if ast.unparse(node.func.value) in held else None
        if changed is not None:
            yield node, f"remembers earlier calls in {changed}", sure


def _batches(scope: Scope) -> Iterator[tuple[ast.AST, str, int]]:
    """Statistics over the rows of the batch, in a function that is given a single row when it serves."""
    frame = set(scope.parameters[:1])
    for call in scope.calls:
        if tail(call) not in _OVER_ROWS or not isinstance(call.func, ast.Attribute):
            continue
        axis = constant(keyword(call, "axis"))
        by_place = call.args and constant(call.args[0]) == 1 and tail(call) not in {"shift", "diff"}
        text = ast.unparse(call.func.value)
        if (
            axis in {1, "columns"}
            or by_place
            or ".str" in text
            or not (names_in(call) & (frame | _derived(scope, frame)))
        ):
            continue
        yield call, f"takes the {tail(call)} over the rows of a batch; a request has one row", 90
        return


def _derived(scope: Scope, frame: AbstractSet[str]) -> frozenset[str]:
    found = set(frame)
    for target, value in scope.assignments:
        if isinstance(target, ast.Name) and names_in(value) & found:
            found.add(target.id)
    return frozenset(found)
