"""Tests of labels that rules guess and of rare classes, through the command."""

from pathlib import Path

from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

_RULES = [
    {"name": "big", "column": "size", "above": 1.2, "label": "yes"},
    {"name": "middling", "when": "size > -0.5 and size < 0.5 and price > 2", "label": "no"},
]


def test_guessed_labels_are_learnt_from_and_the_rare_class_is_made_up_for(tmp_path: Path) -> None:
    """Known labels stay, later steps take the labelled rows, and only training rows are added to."""
    rows = table(rows=600)
    rows = rows[(rows["bought"] == "no") | (rows.index % 4 == 0)].reset_index(drop=True)
    rows.loc[rows.index % 3 == 0, "bought"] = None
    shop = SiteFolder.make(tmp_path)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    with living_in(shop):
        assert call("init", "tiny", "--data", "rows.csv", "--target", "bought").code == 0
        augmentation = {"method": "smote", "neighbours": 3}
        shop.edit("tiny", dataset={"labeling": {"functions": _RULES}, "augmentation": augmentation})
        labelled = call("data", "label", "tiny", "--json")
        assert labelled.code == 0, labelled.said
        counts = labelled.json["assets"]["labeled_data"]["metadata"]["counts"]
        assert counts["known"] == rows["bought"].notna().sum()
        assert counts["guessed"] > 20
        shown = call("data", "augment", "tiny", "--json")
        assert shown.code == 0, shown.said
        classes = {
            item["class"]: item for item in shown.json["assets"]["selected_features"]["metadata"]["augmentation"]
        }
    assert classes["no"]["made"] == 0
    assert classes["yes"]["rows_after"] == classes["no"]["rows_after"] > classes["yes"]["rows_before"]
    learnt = classes["yes"]["rows_before"] + classes["no"]["rows_before"]
    assert learnt > 0.6 * counts["known"] + 0.5 * counts["guessed"]
