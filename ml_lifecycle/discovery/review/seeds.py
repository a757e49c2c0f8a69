"""Chance without a seed in a user's Python. In the YAML every seed has a default."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import PythonFile, constant, keyword, names_of, tail
from ml_lifecycle.discovery.risks.names import words_of

_ALWAYS: Final = names_of(
    "train_test_split ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit RepeatedKFold RepeatedStratifiedKFold "
    "RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor BaggingClassifier "
    "BaggingRegressor MLPClassifier MLPRegressor SGDClassifier SGDRegressor KMeans MiniBatchKMeans IsolationForest "
    "TSNE RandomizedSearchCV HalvingRandomSearchCV SMOTE SMOTENC ADASYN BorderlineSMOTE RandomOverSampler "
    "RandomUnderSampler permutation_importance GaussianMixture resample"
)
_IF_SHUFFLED: Final = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})
#: Drawn only among equals, unless a share of rows or columns is asked for.
_AMONG_EQUALS: Final = names_of(
    "DecisionTreeClassifier DecisionTreeRegressor GradientBoostingClassifier GradientBoostingRegressor"
)
_GLOBAL: Final = names_of(
    "rand randn randint random choice shuffle permutation normal uniform random_sample binomial poisson beta "
    "standard_normal exponential"
)
_STDLIB: Final = names_of("random randint choice choices shuffle sample uniform gauss randrange")
_GENERATORS: Final = names_of("numpy.random.default_rng numpy.random.RandomState np.random.default_rng")
_SEEDS_ALL: Final = ("numpy.random.seed", "np.random.seed")
_SEEDERS: Final = names_of("seed_everything set_seed set_seeds seed_all fix_seeds fix_seed")
_ARGUMENTS: Final = ("random_state", "seed", "random_seed", "rng", "generator")
_CHANGING: Final = names_of("time time_ns now randint urandom getrandbits getpid uuid4")


def find_seeds(file: PythonFile) -> Iterator[Finding]:
    """Find what is drawn without a seed."""
    full = {call: file.full(call) for call in file.calls}
    seeded = any(name in _SEEDS_ALL or name.rpartition(".")[2] in _SEEDERS for name in full.values())
    in_library = seeded or "random.seed" in full.values()
    for call, name in full.items():
        said = _unseeded(file, call, name)
        if said is None or (seeded and said[1]):
            continue
        if name.startswith("random.") and in_library:
            continue
        text, _, confidence = said
        yield Finding(Rule.NO_SEED, file.path, call.lineno, confidence, text)


def _unseeded(file: PythonFile, call: ast.Call, name: str) -> tuple[str, bool, int] | None:
    """`(what is wrong, whether a global seed mends it, confidence)`."""
    last = name.rpartition(".")[2]
    value = next((given for key in _ARGUMENTS if (given := keyword(call, key)) is not None), None)
    if value is not None and any(isinstance(item, ast.Call) and tail(item) in _CHANGING for item in ast.walk(value)):
        return f"the seed of {last} is another one in each run", False, 90
    missing = value is None or (isinstance(value, ast.Constant) and value.value is None)
    if last in _ALWAYS or (last in _IF_SHUFFLED and constant(keyword(call, "shuffle")) is True):
        ordered = constant(keyword(call, "shuffle")) is False
        return (f"{last} draws without random_state", True, _sure(file, call, 90)) if missing and not ordered else None
    if last in _AMONG_EQUALS and missing:
        shares = any(keyword(call, key) is not None for key in ("subsample", "max_features", "splitter"))
        return f"{last} draws without random_state", True, _sure(file, call, 86 if shares else 60)
    if name in _GENERATORS or last == "default_rng":
        given = call.args[0] if call.args else value
        none = given is None or (isinstance(given, ast.Constant) and given.value is None)
        return (f"{last} is made without a seed", False, 88) if none else None
    if name in {f"numpy.random.{last}", f"np.random.{last}"} and last in _GLOBAL:
        return f"np.random.{last} draws from the global generator, which is not seeded", True, 86
    if name == f"random.{last}" and last in _STDLIB and "random" in file.imported.values():
        return f"random.{last} draws from the global generator, which is not seeded", True, 84
    if last == "sample" and missing and _is_frame(call):
        return "rows are drawn without random_state", True, _sure(file, call, 86)
    return None


def _sure(file: PythonFile, call: ast.Call, confidence: int) -> int:
    """Less sure where further arguments come from a mapping; not at all where that names a seed."""
    spread = [item.value for item in call.keywords if item.arg is None]
    if not spread:
        return confidence
    known = [
        value
        for target, value in file.module.assignments
        if ast.unparse(target) in {ast.unparse(item) for item in spread}
    ]
    if any(isinstance(value, ast.Dict) and not _names_seed(value) for value in known) and len(known) == len(spread):
        return confidence - 4
    return 40


def _names_seed(value: ast.Dict) -> bool:
    return any(constant(key) in _ARGUMENTS or key is None for key in value.keys)


def _is_frame(call: ast.Call) -> bool:
    """Whether `.sample` is that of a frame, and not of a generator, a study or a list."""
    if not isinstance(call.func, ast.Attribute):
        return False
    receiver = words_of(ast.unparse(call.func.value))
    if receiver & {
        "rng",
        "random",
        "generator",
        "sampler",
        "dist",
        "distribution",
        "space",
        "torch",
        "trial",
        "config",
    }:
        return False
    shares = any(keyword(call, key) is not None for key in ("frac", "n", "replace", "weights"))
    return shares or bool(
        receiver & {"df", "frame", "data", "rows", "train", "table", "customers", "negatives", "majority"}
    )
