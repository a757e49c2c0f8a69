"""Mistakes found, missed and false alarms of the review, by rule, on the examples beside its tests.

    python -m ml_lifecycle_tests.benchmarks.review [--set first] [--say]

`first` was written before the rules were tuned on it, `held_out` afterwards in other words and styles, by the same
author. Before anything that it showed was mended, 31 of its 32 mistakes were found, with 2 false alarms in 31.
`untuned` came last: 7 of 13 were found at first sight with 1 false alarm in 12, and most of its misses are left as
they are, to show what the rules do not see; the plain test leaves it out. An example lies in a folder named after its
rule: under `bad` the rule must be found with a confidence of at least 80, under `good` nothing at all may be.
"""

import argparse
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.review import review_project

EXAMPLES = Path(__file__).parents[1] / "discovery" / "review" / "examples"
SETS = ("first", "held_out", "untuned")
_PROJECT = {
    "brief": {"problem": "Who leaves?", "task": "classification", "target": "churned"},
    "dataset": {"sources": [{"path": "data/customers.csv"}]},
}
_SHARES = "# shares:"


@dataclass(frozen=True)
class Example:
    """One file that is a mistake, or looks like one.

    Args:
        path: The file.
        rule: The mistake that it is, or could be taken for.
        bad: Whether it is one.
    """

    path: Path
    rule: Rule
    bad: bool

    @property
    def name(self) -> str:
        """Where it lies below the examples."""
        return str(self.path.relative_to(EXAMPLES))


def examples(chosen: str) -> list[Example]:
    """The examples of a set."""
    return [
        Example(path, Rule(folder.name), bad=kind == "bad")
        for kind in ("bad", "good")
        for folder in sorted((EXAMPLES / chosen / kind).iterdir())
        for path in sorted(folder.rglob("*.*"))
    ]


def review(example: Example) -> tuple[Finding, ...]:
    """What is shown of an example: a YAML is a project's own, all else is code beside a plain project."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "shop" / "defs" / "churn"
        folder.mkdir(parents=True)
        is_yaml = example.path.suffix == ".yaml"
        text = example.path.read_text(encoding="utf-8") if is_yaml else yaml.safe_dump({"attributes": _PROJECT})
        (folder / "defs.yaml").write_text(text, encoding="utf-8")
        project = build_project(yaml.safe_load(text)["attributes"], name="churn", folder=folder, root=Path(made))
        said = text.splitlines()[0].removeprefix(_SHARES).split() if text.startswith(_SHARES) else []
        shares = {str(place): float(share) for place, share in enumerate(said)}
        if is_yaml:
            return review_project(project, class_shares=shares or None).shown
        code = Path(shutil.copy(example.path, made))
        return review_project(project, code=[code]).shown


def is_right(example: Example, found: tuple[Finding, ...]) -> bool:
    """Whether a mistake is found by its name, or nothing is found where there is none."""
    return any(finding.rule is example.rule for finding in found) if example.bad else not found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS, help="only this set")
    parser.add_argument("--say", action="store_true", help="say what was found in each example")
    arguments = parser.parse_args()
    for chosen in [arguments.set] if arguments.set else SETS:
        _table(chosen, say=arguments.say)


def _table(chosen: str, *, say: bool) -> None:
    begun = time.perf_counter()
    found = {example: review(example) for example in examples(chosen)}
    took = time.perf_counter() - begun
    counts: Counter[tuple[Rule, str]] = Counter()
    for example, findings in found.items():
        kind = "bad" if example.bad else "good"
        right = is_right(example, findings)
        counts.update([(example.rule, kind)] + ([(example.rule, f"{kind} right")] if right else []))
        if say or not right:
            said = "; ".join(f"{item.line}: {item.rule} ({item.confidence}) {item.what}" for item in findings)
            print(f"  {'     ' if right else 'WRONG'} {example.name}: {said or 'nothing'}")
    print(f"{chosen:<20}{'hits':>10}{'false alarms':>16}")
    for rule in Rule:
        bad, good = counts[rule, "bad"], counts[rule, "good"]
        if bad or good:
            hits, alarms = counts[rule, "bad right"], good - counts[rule, "good right"]
            print(f"  {rule:<20}{hits:>3} of {bad:<3}{alarms:>8} of {good}")
    kinds = ("bad", "good", "bad right", "good right")
    totals = [sum(count for (_, kind), count in counts.items() if kind == name) for name in kinds]
    print(f"  {'all':<20}{totals[2]:>3} of {totals[0]:<3}{totals[1] - totals[3]:>8} of {totals[1]}   ({took:.1f} s)\n")


if __name__ == "__main__":
    main()
