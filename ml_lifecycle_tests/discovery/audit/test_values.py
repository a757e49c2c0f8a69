"""Constant columns, names of rows, categories; and findings about many columns that become one."""

from __future__ import annotations

import numpy as np

from ml_lifecycle_tests.discovery.audit.tables import find, make_clean


def test_columns_that_do_not_vary() -> None:
    """Empty, one value, one value where there is any, nearly one value."""
    frame = make_clean().assign(nothing=None, one="x", some=[None, "y"] * 300, nearly=[1] + [0] * 599)
    assert {name for name in find(frame) if "constant" in name or "empty" in name} == {
        "empty:nothing",
        "constant:one",
        "constant:some",
        "near_constant:nearly",
    }


def test_names_of_rows() -> None:
    """Texts that all differ, numbers that count, numbers that are called id; not amounts that happen to differ."""
    shuffled = np.random.default_rng(0).permutation(600)
    frame = make_clean().assign(
        code=[f"X{number}" for number in shuffled],
        counter=shuffled,
        order_id=shuffled * 1_000_003,
        weight=shuffled * 1_000_003,
    )
    assert set(find(frame)) - {"correlated:counter+order_id+weight"} == {
        "identifier:code",
        "identifier:counter",
        "identifier:order_id",
    }


def test_a_nearly_unique_id_is_a_repeated_key() -> None:
    """Called so, and different but for a row."""
    frame = make_clean().assign(order_id=[*range(599), 5])
    assert "repeated_keys:order_id" in find(frame)
    assert "repeated_keys:amount" not in find(frame.rename(columns={"order_id": "points"}))


def test_categories() -> None:
    """Very many, very rare, and sentences."""
    draw = np.random.default_rng(0)
    many = [f"town {number}" for number in draw.integers(0, 300, 2000)]
    rare = ["a"] * 1000 + ["b"] * 995 + ["c"] * 5
    prose = [" ".join(draw.choice(["the", "quick", "fox", "jumps", "over", "lazy", "dogs"], 8)) for _ in range(2000)]
    frame = make_clean(2000).assign(town=many, kind=draw.permutation(rare), remark=prose)
    assert set(find(frame)) == {"many_categories:town", "rare_categories:kind", "free_text:remark"}


def test_many_findings_of_one_kind_become_one() -> None:
    """Five columns or more; fewer are told one by one."""
    fixed = {f"fixed_{number}": number for number in range(5)}
    assert set(find(make_clean().assign(**fixed))) == {"constant"}
    fixed.popitem()
    assert set(find(make_clean().assign(**fixed))) == {f"constant:{name}" for name in fixed}


def test_one_code_in_several_columns_is_one_finding() -> None:
    """It is one habit of the source."""
    draw = np.random.default_rng(0)
    jobs, towns = draw.choice(["cook", "smith", "?"], 600), draw.choice(["Rome", "?", "Oslo"], 600)
    frame = make_clean().assign(job=jobs, town=towns)
    found = find(frame)
    assert set(found) == {"missing_code:?"}
    assert found["missing_code:?"].columns == ("job", "town")
