"""Leaks of each kind, planted into a clean table in several strengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml_lifecycle_tests.benchmarks.clean_tables import CleanTable


@dataclass(frozen=True)
class PlantedLeak:
    """A table with one leak.

    Args:
        kind: The letter of the issue's list and a word.
        how: How it was planted.
        table: The rows.
        columns: Of these columns, one at least must be named; none where rows are shared.
        also: Kinds of findings that are right beside it.
    """

    kind: str
    how: str
    table: CleanTable
    columns: tuple[str, ...]
    also: tuple[str, ...] = ()


Planter = Callable[[CleanTable, np.random.Generator], Iterator[PlantedLeak]]


def plant_all(table: CleanTable, seed: int) -> Iterator[PlantedLeak]:
    """Every leak that fits the table, one at a time."""
    for planter in PLANTERS:
        yield from planter(table, np.random.default_rng(seed))


def _with(table: CleanTable, kind: str, how: str, **columns: object) -> PlantedLeak:
    return PlantedLeak(kind, how, replace(table, frame=table.frame.assign(**columns)), tuple(columns))


def _truth(table: CleanTable) -> pd.Series:
    return table.frame[table.target]


def _flip(values: pd.Series, share: float, random: np.random.Generator) -> pd.Series:
    """Some cells redrawn from the same column: for two classes, twice the share is drawn to change about the share."""
    changed = random.random(len(values)) < share
    others = values.to_numpy()[random.permutation(len(values))]
    distinct = values.unique()
    if len(distinct) == 2:
        others = np.where(values == distinct[0], distinct[1], distinct[0])
    return values.where(~changed, others)


def _alone(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(a) A column that nearly determines the target, but is no copy."""
    truth = _truth(table)
    if table.task == "regression":
        for noise in (0.05, 0.1, 0.15):
            made = truth * 0.7 + 3 + random.normal(0, noise * 0.7 * truth.std(), len(truth))
            yield _with(table, "a alone", f"amount with {noise:.0%} noise", final_figure=made.round(4))
        return
    codes = pd.factorize(truth)[0]
    for spread in (0.12, 0.2, 0.28):
        yield _with(
            table,
            "a alone",
            f"class + noise {spread}",
            closing_score=(codes + random.normal(0, spread, len(codes))).round(4),
        )
    words = {code: f"case {word}" for code, word in enumerate(["resolved", "escalated", "void", "open"])}
    texts = [
        f"{words[int(code) % 4]} after {n} calls with agent {m}"
        for code, n, m in zip(
            codes, random.integers(1, 50, len(codes)), random.integers(1, 999, len(codes)), strict=True
        )
    ]
    yield _with(table, "a alone", "a word in a remark", remark=texts)


def _parts(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(b) Columns that together make the target."""
    truth = _truth(table)
    if table.task == "regression":
        share = random.uniform(0.1, 0.9, len(truth))
        whole = truth.astype(float)
        part = (whole * share).round(2)
        yield _with(table, "b parts", "sum of two", part_one=part, part_two=whole - part)
        third = ((whole - part) * random.uniform(0.2, 0.8, len(truth))).round(2)
        yield _with(table, "b parts", "sum of three", part_a=part, part_b=third, part_c=whole - part - third)
        cost = (whole * 0.3 + random.gamma(2, max(float(whole.std()), 1), len(truth))).round(3)
        yield _with(table, "b parts", "difference", gross=whole + cost, cost=cost)
        unit = random.uniform(1, 20, len(truth)).round(2)
        yield _with(table, "b parts", "product", unit_price=unit, quantity=whole / unit)
        yield _with(table, "b parts", "ratio", amount_total=whole * unit, count_of=unit)
        yield from _rough_parts(table, random, part)
        return
    codes = pd.factorize(truth)[0]
    if codes.max() == 1:
        due = random.uniform(10, 100, len(codes)).round(1)
        real = due + np.where(codes == 1, 1, -1) * random.gamma(2, 8, len(codes)).clip(0.1)
        yield _with(table, "b parts", "border of two", planned_days=due, needed_days=real.round(2))
        small = random.integers(0, 120, len(codes))
        total = np.where(codes == 1, 201 + random.gamma(2, 60, len(codes)), random.uniform(0, 200, len(codes))).round()
        yield _with(table, "b parts", "a sum above a limit", first_half=small, second_half=total - small)
        flag = random.integers(0, 2, len(codes))
        yield _with(table, "b parts", "either of two flags", flag_a=flag, flag_b=flag ^ codes)
        letter = random.integers(0, 8, len(codes))
        shifted = (letter + 4 * codes + random.integers(0, 4, len(codes))) % 8
        letters = np.array(list("abcdefgh"), dtype=object)
        yield _with(table, "b parts", "two codes", code_a=letters[letter], code_b=letters[shifted])


def _rough_parts(table: CleanTable, random: np.random.Generator, part: pd.Series) -> Iterator[PlantedLeak]:
    """Parts of an amount that do not fit in every row."""
    truth = _truth(table).astype(float)
    other, rows = truth - part, len(truth)
    wrong = random.random(rows) < 0.03
    yield _with(
        table, "b parts", "sum, 3% wrong", part_one=part, part_two=other.where(~wrong, random.permutation(other))
    )
    yield _with(
        table, "b parts", "sum, 60% of a part missing", part_one=part, part_two=other.where(random.random(rows) > 0.6)
    )
    step = 10.0 ** np.floor(np.log10(np.subtract(*np.quantile(truth.dropna(), [0.75, 0.25])) / 4))
    yield _made(table, "sum, rounded", (truth / step).round() * step, part_one=part, part_two=other)
    if truth.min() > 0:
        yield _made(table, "sum, of a logarithm", np.log1p(truth), part_one=part, part_two=other)
        count, less = random.integers(1, 9, rows), random.choice([0.0, 0.1, 0.2], rows)
        yield _with(table, "b parts", "price, count, discount", count=count, less=less, each=truth / count / (1 - less))
    first = random.random(rows) < 0.5
    low = truth - random.gamma(2, float(truth.std()) / 4, rows)
    yield _with(table, "b parts", "the larger of two", bid_a=truth.where(first, low), bid_b=low.where(first, truth))


def _made(table: CleanTable, how: str, truth: pd.Series, **columns: object) -> PlantedLeak:
    """The same with another target: it was rounded, or is a logarithm."""
    return _with(replace(table, frame=table.frame.assign(**{table.target: truth})), "b parts", how, **columns)


def _afterwards(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(c) Columns known only after the outcome."""
    truth = _truth(table)
    open_rows = random.random(len(truth)) < 0.08
    noise = random.gamma(2, 10, len(truth)).round(2)
    unknown = table.frame.assign(
        **{table.target: truth.astype(object if truth.dtype == object else float).where(~open_rows)}
    )
    for wrong in (0.0, 0.02):
        kept = ~open_rows ^ (random.random(len(truth)) < wrong) & open_rows
        frame = unknown.assign(handled_by=pd.Series(noise).where(kept))
        yield PlantedLeak(
            "c afterwards", f"missing while open, {wrong:.0%} wrong", replace(table, frame=frame), ("handled_by",)
        )
    if table.task == "classification":
        rare = truth == truth.value_counts().index[-1]
        for covered in (1.0, 0.5):
            filled = rare & (random.random(len(truth)) < covered)
            yield _with(
                table,
                "c afterwards",
                f"filled in one class, {covered:.0%} of it",
                close_code=pd.Series(noise).where(filled),
            )
        if truth.nunique() == 2:
            yield _with(table, "c afterwards", "zero but in one class", paid_back=np.where(rare, noise, 0.0))
            reasons = random.choice(["price", "moved", "service"], len(truth))
            yield _with(table, "c afterwards", "a reason in one class", reason=pd.Series(reasons).where(rare))


def _identifiers(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(d) Identifiers."""
    rows = len(table.frame)
    yield _with(table, "d identifier", "counter", row_number=np.arange(rows) + 1)
    yield _with(table, "d identifier", "counter, shuffled", case_no=random.permutation(rows) + 70_000)
    yield _with(table, "d identifier", "drawn numbers", ref=random.choice(rows * 40, rows, replace=False) + 100_000)
    yield _with(
        table, "d identifier", "hexadecimal", token=[f"{code:012x}" for code in random.integers(0, 2**47, rows)]
    )
    ordered = np.empty(rows, dtype=np.int64)
    ordered[np.argsort(pd.factorize(_truth(table), sort=True)[0] + random.normal(0, 0.05, rows), kind="stable")] = (
        np.arange(rows) + 500
    )
    yield _with(table, "d identifier", "in the order of the target", serial=ordered)
    codes = random.permutation(rows)
    yield _with(table, "d identifier", "addresses", mail=[f"user{code}@example.com" for code in codes])
    yield _with(table, "d identifier", "names", who=[f"Anna{code % 977} Smith{code}" for code in codes])
    again = table.frame.assign(ref=random.choice(rows * 40, rows, replace=False) + 100_000)
    again = pd.concat([again, again.iloc[: rows // 60]], ignore_index=True)
    yield PlantedLeak("d identifier", "some rows twice", replace(table, frame=again), ("ref",), ("shared_rows",))


def _shared_rows(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(e) Rows that stand in the table twice."""
    frame, rows = table.frame, len(table.frame)
    for share in (0.02, 0.1, 0.3):
        again = frame.iloc[random.choice(rows, int(rows * share), replace=False)].copy()
        again = _new_ids(again, table, random)
        mixed = pd.concat([frame, again]).sample(frac=1, random_state=1, ignore_index=True)
        yield PlantedLeak("e shared rows", f"{share:.0%} twice", replace(table, frame=mixed), ())
    for jitter in (1e-4, 2e-3):
        again = _new_ids(frame.iloc[random.choice(rows, int(rows * 0.1), replace=False)].copy(), table, random)
        amounts = [c for c in table.features if frame[c].dtype.kind == "f"]
        for name in amounts:
            again[name] = again[name] + random.normal(0, jitter * frame[name].std(), len(again))
        mixed = pd.concat([frame, again]).sample(frac=1, random_state=1, ignore_index=True)
        if len(amounts) >= 3:
            yield PlantedLeak("e shared rows", f"10% nearly twice ({jitter:g})", replace(table, frame=mixed), ())


def _new_ids(again: pd.DataFrame, table: CleanTable, random: np.random.Generator) -> pd.DataFrame:
    name = table.roles.get("id")
    if name is None:
        return again
    fresh = random.choice(10**6, len(again), replace=False) + 10**9
    return again.assign(**{name: fresh if again[name].dtype.kind in "iu" else [f"x{code}" for code in fresh]})


def _shared_groups(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(f) Subjects with several rows and one target."""
    truth = _truth(table)
    for each, wrong in ((4, 0.0), (10, 0.03)):
        order = np.lexsort((random.random(len(truth)), pd.factorize(truth, sort=True)[0]))
        subject = np.empty(len(truth), dtype=np.int64)
        subject[order] = np.arange(len(truth)) // each
        names = random.permutation(subject.max() + 1) + 1000
        mixed = np.where(random.random(len(truth)) < wrong, random.permutation(subject), subject)
        yield _with(table, "f shared groups", f"numbers, {each} rows each, {wrong:.0%} wrong", household=names[mixed])
        yield _with(
            table,
            "f shared groups",
            f"texts, {each} rows each, {wrong:.0%} wrong",
            animal=[f"A{names[code]}" for code in mixed],
        )
    if table.task == "classification" and truth.nunique() == 2:
        subjects = random.integers(0, len(truth) // 7, len(truth))
        classes = np.sort(truth.unique())
        flags = random.random(subjects.max() + 1)[subjects] < 0.3
        flags ^= random.random(len(truth)) < 0.05
        steady = replace(table, frame=table.frame.assign(**{table.target: classes[flags.astype(int)]}))
        yield _with(steady, "f shared groups", "5% of the labels wrong", animal=[f"A{code}" for code in subjects])


def _lookahead(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(g) Times after the event time, and targets of later rows."""
    event = table.roles.get("event_time")
    if event is None:
        return
    times = pd.to_datetime(table.frame[event])
    for share in (0.02, 0.2, 1.0):
        late = random.random(len(times)) < share
        days = np.where(late, random.gamma(2, 5, len(times)) + 1, -random.gamma(2, 5, len(times)) - 1)
        moments = times + pd.to_timedelta((days * 86_400).round(), unit="s")
        yield _with(table, "g lookahead", f"times, {share:.0%} after", last_contact=moments)
        if share == 1:
            texts = moments.dt.strftime("%b %d, %Y %H:%M")
            yield _with(table, "g lookahead", "names of months, 100% after", last_seen=texts)
        if share < 1:
            yield _with(
                table, "g lookahead", f"dates in text, {share:.0%} after", last_seen=moments.dt.strftime("%d.%m.%Y")
            )
            yield _with(
                table, "g lookahead", f"epoch seconds, {share:.0%} after", touched_at=moments.astype("int64") // 10**9
            )
    ordered = table.frame.sort_values(event, kind="stable")
    subject = table.roles.get("entity")
    truth = ordered[table.target]
    nexts = (
        truth.shift(-1)
        if subject is None or table.name == "loans"
        else ordered.groupby(subject)[table.target].shift(-1)
    )
    yield _with(table, "g lookahead", "target of the next row", reading=nexts.reindex(table.frame.index))
    if table.task == "regression":
        made = {"mean that ends here": truth.rolling(7).mean(), "sum that ends here": truth.cumsum()}
        for how, values in made.items():
            yield _with(table, "g lookahead", how, level=values.reindex(table.frame.index))
        before = truth.shift(1).reindex(table.frame.index)
        changed = _with(table, "g lookahead", "change since the row before", last=before, step=_truth(table) - before)
        yield replace(changed, columns=("step",))


def _encodings(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(g) Means of the target by subject, the row's own among them."""
    truth = _truth(table)
    values = truth.astype(float) if table.task == "regression" else (truth == truth.value_counts().index[-1]) * 1.0
    subjects = random.integers(0, len(truth) // 5, len(truth))
    mean = values.groupby(subjects).transform("mean")
    yield _with(table, "g lookahead", "mean of a subject", level=mean)
    yield _with(table, "g lookahead", "mean of a subject, rounded", level=mean.round(4))


def _copies(table: CleanTable, random: np.random.Generator) -> Iterator[PlantedLeak]:
    """(h) The target under another name or encoding."""
    truth = _truth(table)
    if table.task == "regression":
        yield _with(table, "h copy", "renamed", v1=truth)
        yield _with(table, "h copy", "60% missing", v1=truth.where(random.random(len(truth)) > 0.6))
        yield _with(
            table, "h copy", "10% wrong", v1=truth.where(random.random(len(truth)) > 0.1, random.permutation(truth))
        )
        for how, text in (("USD", "USD {:,.2f}"), ("grouped", "{:,.3f}"), ("unit", "{:.2f} EUR")):
            yield _with(table, "h copy", f"text, {how}", v1=[text.format(value) for value in truth])
        yield _with(table, "h copy", "text, comma", v1=[f"{value:.2f}".replace(".", ",") for value in truth])
        yield _with(table, "h copy", "scaled and shifted", v2=truth * 2.54 + 17)
        yield _with(table, "h copy", "logarithm", v3=np.log(truth - truth.min() + 1))
        step = max(float(truth.std()) / 20, 1e-9)
        yield _with(table, "h copy", "rounded", v4=(truth / step).round() * step)
        yield _with(
            table,
            "h copy",
            "five bands",
            v5=pd.qcut(truth.rank(method="first"), 5, labels=list("edcba")).astype(object),
        )
        yield _with(table, "h copy", "above the median", v6=_flip((truth > truth.median()).astype(int), 0.02, random))
        for noise in (0.01, 0.05):
            yield _with(
                table, "h copy", f"{noise:.0%} noise", v7=truth + random.normal(0, noise * truth.std(), len(truth))
            )
        return
    codes = pd.factorize(truth, sort=True)[0]
    yield _with(table, "h copy", "renamed", v1=truth)
    yield _with(table, "h copy", "60% missing", v1=truth.astype(object).where(random.random(len(truth)) > 0.6))
    yield _with(
        table, "h copy", "letters", v2=np.array(list("qwertzuiop"), dtype=object)[random.permutation(10)][codes]
    )
    yield _with(table, "h copy", "codes", v3=np.array([31, 7, 12, 90, 55, 2, 8, 77, 61, 40])[codes])
    for wrong in (0.01, 0.03, 0.05):
        yield _with(table, "h copy", f"{wrong:.0%} wrong", v4=_flip(truth, wrong, random))
    if codes.max() > 1:
        yield _with(
            table, "h copy", "one-hot", **{f"is_{code}": (codes == code).astype(int) for code in range(codes.max() + 1)}
        )


PLANTERS: tuple[Planter, ...] = (
    _alone, _parts, _afterwards, _identifiers, _shared_rows, _shared_groups, _lookahead, _encodings,
    _copies,
)  # fmt: skip
