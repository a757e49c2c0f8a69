"""The command about a rollout, on a project that was drafted and never ran; its rollout is written by hand."""

from pathlib import Path

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.rollout import TARGET, Rollouts
from ml_lifecycle.release.rollout_steps import abort_rollout, start_rollout
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

_TOYS = "toys"


def test_how_far_a_rollout_is(tmp_path: Path) -> None:
    """Nothing at first, then the step with what it waits for, then how it ended; a machine is told the same."""
    shop = SiteFolder.make(tmp_path)
    table().to_csv(tmp_path / "toys.csv", index=False)
    with living_in(shop):
        assert call("init", _TOYS, "--data", str(tmp_path / "toys.csv"), "--target", "bought").code == 0
        assert "No rollout is under way." in call("rollout", _TOYS).said
        ledger = Ledger(f"sqlite:///{shop.home / 'service.db'}")
        rollouts = Rollouts(ledger.url)
        ledger.append(_TOYS, "1", "champion", by="t")
        said = {TARGET: Target(Kind.BINARY, "bought", ("no", "yes")).to_dict()}
        config = RolloutConfig(strategy="canary")
        start_rollout(_TOYS, "2", config, ledger=ledger, rollouts=rollouts, by="run a", evidence=said)
        shown = call("rollout", _TOYS)
        assert shown.code == 0
        assert "version 2 (canary), step 1 of 3, 5% of the callers" in shown.said
        assert "hold, waits for 200 rows" in shown.said
        document = call("rollout", _TOYS, "--json").json
        assert (document["running"]["version"], document["decision"]["action"]) == ("2", "hold")
        abort_rollout(_TOYS, "enough", ledger=ledger, rollouts=rollouts, by="ann")
        document = call("rollout", _TOYS, "--json").json
        assert document["running"] is None
        assert [item["event"] for item in document["events"]] == ["started", "rolled_back"]
