"""Experiments and models beside them are compared by command and in the UI, on a copy of the small shop."""

import json

import yaml

from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.reference_models import ReferenceModels
from ml_lifecycle_tests.small_shop import LOANS, Story, call


def test_the_model_in_production_is_asked_about_the_same_rows(another_shop: Story) -> None:
    """It is the tuned model, maybe made quicker: nothing to promote; what was found is an asset and a file."""
    out = another_shop.shop.root / "compared.json"
    asked = ("--experiments", "tuned_model", "--against", "champion", "--out", str(out), "--json")
    compared = call("train", "compare", LOANS, *asked)
    assert compared.code == 0, compared.said
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found == compared.json
    assert found["reference"] == "champion"
    (decision,) = found["decisions"]
    assert decision["action"] in {"iterate", "abandon"}
    rows = {row["name"]: row for row in found["candidates"]}
    assert abs(rows["tuned_model"]["value"] - rows["champion"]["value"]) < 0.05
    assert rows["champion"]["latency_p95_ms"] > 0
    assert found["notes"][0] == "champion is version 1, the model in production."
    with another_shop.site.instance() as instance:
        kept = read_latest(instance, another_shop.project, "experiment_comparison")
        models = ReferenceModels(instance, another_shop.project)
        assert models.champion().features == models.tuned().features
    assert kept.to_dict()["decisions"] == found["decisions"]


def test_an_experiment_may_be_meant_against_the_model_in_production(another_shop: Story) -> None:
    """Its hypothesis is judged against that, whose features may be others."""
    stated = {"statement": "A straight line is enough."}
    changes = {"modeling": {"family": "linear", "search": {"trials": 1}}}
    document = {"project": LOANS, "name": "straight", "hypothesis": stated, "reference": "champion", "changes": changes}
    path = another_shop.shop.root / "straight.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    trained = call("train", "run", "--config", str(path), "--json")
    assert trained.code == 0, trained.said
    assert trained.json["assets"]["experiment"]["metadata"]["verdict"]["reference"] == "champion"
    shown = call("experiments", "show", LOANS, "straight", "--json").json
    assert shown["verdict"]["reference"] == "champion"
    path.write_text(yaml.safe_dump({**document, "name": "champion"}), encoding="utf-8")
    assert "expected a name of its own" in call("train", "run", "--config", str(path)).said


def test_what_cannot_be_compared_is_refused_before_a_run_begins(story: Story) -> None:
    """Nothing but the reference, and an experiment that nobody has described."""
    alone = call("train", "compare", LOANS, "--experiments", "champion", "--against", "champion")
    assert alone.code == 2
    assert "there is nothing to compare" in alone.said
    unknown = call("train", "compare", LOANS, "--experiments", "nobody")
    assert unknown.code == 2
    assert "has no experiment 'nobody'" in unknown.said
    assert story.project.name == LOANS
