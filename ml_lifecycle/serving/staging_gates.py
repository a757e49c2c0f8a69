"""The gates of a rehearsal: smoke requests, latency, errors, and the same answers as the batch.

What was measured is `staging`. The limits of latency are those of the brief, and are held against requests over one
connection: the time to score one row, as its caller waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_lifecycle.serving.staging import Staged
from ml_lifecycle.verdict import Fact, Verdict

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig


def judge_staged(staged: Staged, config: ProjectConfig) -> list[Verdict]:
    """All gates of a rehearsal."""
    limits = config.brief.constraints
    return [
        judge_smoke_test(staged),
        judge_latency(staged, 95, limits.latency_p95_ms),
        judge_latency(staged, 99, limits.latency_p99_ms),
        judge_errors(staged, config.release.staging.max_error_share),
        judge_equal_to_batch(staged),
    ]


def judge_smoke_test(staged: Staged) -> Verdict:
    """smoke_test: every smoke request was answered with the status that it must be answered with."""
    failed = staged.smoke[~staged.smoke["passed"].astype(bool)]
    wrong = [f"{line.case}: {line.status}, not {line.expected}" for line in failed.itertuples()]
    return Verdict(
        gate="smoke_test",
        passed=not wrong,
        summary=f"{len(wrong)} of {len(staged.smoke)} smoke requests were answered wrongly: {'; '.join(wrong)}."
        if wrong
        else f"All {len(staged.smoke)} smoke requests were answered as they must be.",
        facts={"version": staged.version, "requests": len(staged.smoke), "wrong": [*wrong]},
        advice="see the table of the asset for what the server said",
    )


def judge_latency(staged: Staged, percentile: int, limit: float | None) -> Verdict:
    """latency_p95 and latency_p99: over one connection, a caller waits no longer than the brief allows.

    Args:
        staged: What was measured.
        percentile: 95 or 99.
        limit: Milliseconds; None where the brief sets no limit.
    """
    name = f"p{percentile}_ms"
    alone, together = float(getattr(staged.alone, name)), float(getattr(staged.together, name))
    passed = limit is None or alone <= limit  # not a number where nothing was answered: that is no answer in time
    said = f"{percentile} of 100 callers of one row waited at most {alone:.2f} ms over one connection"
    judged = "no limit is set" if limit is None else f"the limit is {limit:g} ms"
    crowd = f"{together:.2f} ms with {staged.together.connections} at once, which is not judged"
    facts: dict[str, Fact] = {
        "version": staged.version,
        "one_connection_ms": _known(alone),
        f"{staged.together.connections}_connections_ms": _known(together),
        "limit_ms": "no limit" if limit is None else limit,
        "judged": "one connection",
    }
    return Verdict(
        gate=f"latency_p{percentile}",
        passed=passed,
        summary=f"{said}; {judged} ({crowd}).",
        facts=facts,
        advice=f"a smaller model, fewer features, or another brief.constraints.latency_{name}; "
        "a machine that does other things meanwhile is measured too",
    )


def judge_errors(staged: Staged, most: float) -> Verdict:
    """errors: of good rows under load, no more than the allowed share got no answer.

    Args:
        staged: What was measured.
        most: The share that may fail.
    """
    requests = staged.alone.requests + staged.together.requests
    failed = staged.alone.failed + staged.together.failed
    share = failed / requests
    return Verdict(
        gate="errors",
        passed=share <= most,
        summary=f"{failed} of {requests} requests of good rows failed ({share:.1%}); {most:.1%} may.",
        facts={"version": staged.version, "requests": requests, "failed": failed, "share": share, "limit": most},
        advice="look at the server's log in the step's output",
    )


def judge_equal_to_batch(staged: Staged) -> Verdict:
    """equal_to_batch: the server says of rows what the batch says of them, by themselves and together."""
    said = "; ".join(staged.differences)
    return Verdict(
        gate="equal_to_batch",
        passed=not staged.differences,
        summary=f"The server does not say what the batch says: {said}."
        if staged.differences
        else f"The server said of {staged.compared} rows what the batch says of them, one by one and together.",
        facts={"version": staged.version, "rows": staged.compared, "differences": [*staged.differences]},
        advice="the package must answer one row as it answers many; see the gate train_serve_equal",
    )


def _known(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - JSON has no NaN
