"""The product's policy of retraining on a stream, through the product's own functions.

The reference profile, `assess_drift`, `assess_performance` with the reference of losses, findings, `decide`, and the
paired comparison of champion and challenger. What is not here is Dagster: which window comes next and what is on record
is a loop and a few variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.config.retraining import RetrainConfig
from ml_lifecycle.evaluation.comparison.champion import compare
from ml_lifecycle.evaluation.metrics import Metric, get_metric
from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks
from ml_lifecycle.monitoring.drift import assess_drift
from ml_lifecycle.monitoring.estimation import estimate_performance
from ml_lifecycle.monitoring.losses.fitting import fit_losses
from ml_lifecycle.monitoring.losses.reference import LossReference
from ml_lifecycle.monitoring.performance import assess_performance
from ml_lifecycle.monitoring.performance_look import Grounds
from ml_lifecycle.monitoring.profile import ReferenceProfile
from ml_lifecycle.monitoring.retraining import Finding, decide
from ml_lifecycle_tests.benchmarks.policy_courses import METRIC, Course, Models
from ml_lifecycle_tests.benchmarks.streams import Stream

_FIRST_DAY = date(2026, 1, 1)
#: Share of the rows that a release is judged on: half of them choose, half of them test.
_HELD = 0.2


@dataclass(frozen=True)
class Settings:
    """What ours is made of.

    Args:
        drift: When drift counts.
        performance: When performance counts as lost.
        retrain: When a retraining starts.
        evaluation: How a challenger is compared.
        hold: Newest labelled windows that the challenger does not learn from and is judged on.
        together: Windows that are judged together: the present one and those before (`monitoring.window`).
        refit: Whether what is promoted is fitted once more with these windows.
        gate: Whether a challenger must be better to be promoted.
    """

    drift: DriftConfig = field(default_factory=DriftConfig)
    performance: PerformanceConfig = field(default_factory=PerformanceConfig)
    retrain: RetrainConfig = field(default_factory=RetrainConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    hold: int = 1
    together: int = 1
    refit: bool = True
    gate: bool = True

    @classmethod
    def of(cls, stream: Stream) -> Settings:
        """The defaults; where a window is small, several are judged together and two are held out."""
        return cls(together=stream.together, hold=1 if stream.together == 1 else 2)


@dataclass(frozen=True)
class _Champion:
    """What is known of the model in production.

    Args:
        version: Its number.
        end: It has learnt the windows before this one.
        profile: The reference.
        value: Its metric on rows that it had not learnt from.
        estimate: What its probabilities alone say of these rows.
        losses: What its loss was on these rows.
    """

    version: int
    end: int
    profile: ReferenceProfile
    value: float
    estimate: float | None
    losses: LossReference


@dataclass
class Ours:
    """The product's policy on one stream."""

    models: Models
    settings: Settings = field(default_factory=Settings)
    _findings: dict[int, Finding] = field(default_factory=dict)
    _made_by: dict[int, _Champion] = field(default_factory=dict)
    _blocks: dict[int, Blocks] = field(default_factory=dict)
    _trained: dict[int, str] = field(default_factory=dict)
    _promoted: list[int] = field(default_factory=list)

    def run(self) -> Course:
        """Go through the stream."""
        stream = self.models.stream
        metric = self._metric
        champion = self._release(1, stream.learnt)
        losses: list[float] = []
        for window in range(stream.learnt, stream.windows):
            rows = stream.rows(window, window + 1)
            losses.append(metric(stream.y[rows], self.models.predict(champion.end, window)))
            known = window + 1 - stream.delay
            self._look(window, champion, known)
            if window + 1 < stream.windows:
                champion = self._act(window, champion, known)
        return self._course(np.asarray(losses))

    @property
    def _metric(self) -> Metric:
        return get_metric(METRIC[self.models.stream.kind])

    def _act(self, window: int, champion: _Champion, known: int) -> _Champion:
        """Decide, and train if it is decided; the champion afterwards."""
        last = max(self._trained, default=None)
        seen = self.models.stream.learnt if last is None else last + 1 - self.models.stream.delay
        bounds = self.models.stream.bounds
        decision = decide(
            list(self._findings.values()),
            project="stream",
            config=self.settings.retrain,
            champion=champion.version,
            last_retrain_window=None if last is None else _name(last),
            new_labels=int(bounds[max(0, known)] - bounds[seen]),
        )
        if not decision.retrain:
            return champion
        self._trained[window] = decision.reason
        learnt = known - self._hold(champion, known)
        if not self._is_better(champion, learnt, known):
            return champion
        self._promoted.append(window)
        return self._release(champion.version + 1, known if self.settings.refit else learnt)

    def _release(self, version: int, end: int) -> _Champion:
        """A model as it is released; what is known of it comes from its newest rows and a model without them."""
        stream, metric, settings = self.models.stream, self._metric, self.settings
        held = max(1, round(_HELD * end))
        rows = stream.rows(end - held, end)
        said = self._said(end - held, range(end - held, end))
        frame, y = stream.frame.iloc[rows], stream.y[rows]
        tested = np.arange(len(y)) >= len(y) // 2
        estimate = estimate_performance(metric, said, stream.kind)
        losses = fit_losses(frame, y, said, tested, kind=stream.kind, metric=metric, config=settings.performance)
        profile = ReferenceProfile.fit(stream.frame.iloc[self.models.rows(end)], said, settings.drift)
        value = metric(y, said)
        return _Champion(version, end, profile, value, None if estimate is None else estimate.value, losses)

    def _said(self, end: int, windows: Sequence[int]) -> np.ndarray:
        return np.concatenate([self.models.predict(end, window) for window in windows])

    def _look(self, window: int, champion: _Champion, known: int) -> None:
        """Judge the newest window, and again the one whose outcomes have just come."""
        self._made_by[window] = champion
        self._findings[window] = self._judge(window, champion, known)
        if self.models.stream.delay and known - 1 in self._made_by:
            self._findings[known - 1] = self._judge(known - 1, self._made_by[known - 1], known)

    def _judge(self, window: int, champion: _Champion, known: int) -> Finding:
        """What the product's reports say of a window and those that are judged together with it."""
        stream, settings = self.models.stream, self.settings
        first = max(stream.learnt, champion.end, window + 1 - settings.together)
        rows = stream.rows(first, window + 1)
        frame, said = stream.frame.iloc[rows], self._said(champion.end, range(first, window + 1))
        y = np.where(np.arange(rows.start, rows.stop) < stream.bounds[max(0, known)], stream.y[rows], np.nan)
        drift = assess_drift(champion.profile, frame, said, settings.drift)
        performance = assess_performance(
            y,
            said,
            self._metric,
            champion.value,
            kind=stream.kind,
            config=settings.performance,
            reference_estimate=champion.estimate,
            grounds=Grounds(
                losses=champion.losses,
                inputs=frame,
                new=np.arange(rows.start, rows.stop) >= stream.bounds[window],
                past=self._past(window, champion),
                version=str(champion.version),
            ),
        )
        self._blocks[window] = Blocks.from_text(performance.blocks)
        return Finding(
            _name(window),
            str(champion.version),
            drifted=drift.drifted or drift.prediction_drifted,
            performance_lost=performance.lost,
            concept_drift=performance.concept_drift,
            estimated=performance.estimated,
            rows=len(said),
            labelled=performance.labelled,
        )

    def _past(self, window: int, champion: _Champion) -> Blocks:
        """Losses of the champion's earlier windows."""
        past = NO_BLOCKS
        for one in range(champion.end, window):
            if one in self._blocks and self._made_by[one].version == champion.version:
                past = past.then(self._blocks[one])
        return past.newest(self.settings.performance.detector_rows)

    def _hold(self, champion: _Champion, known: int) -> int:
        """Newest labelled windows that the challenger does not learn from."""
        return max(0, min(self.settings.hold, known - champion.end))

    def _is_better(self, champion: _Champion, learnt: int, known: int) -> bool:
        """The gate: both are judged on the newest labelled windows, which neither has learnt from."""
        if not self.settings.gate:
            return True
        if learnt >= known:
            return False
        windows, y = range(learnt, known), self.models.stream.y[self.models.stream.rows(learnt, known)]
        challenger, present = self._said(learnt, windows), self._said(champion.end, windows)
        level = self.settings.evaluation.proving(self.settings.retrain.alpha)
        found = compare(y, challenger, present, metric=self._metric, config=level)
        return found.decision == "promote"

    def _course(self, losses: np.ndarray) -> Course:
        start = self.models.stream.learnt
        lost = [at for at, one in self._findings.items() if one.performance_lost or one.concept_drift]
        return Course(
            losses,
            tuple(window - start for window in self._trained),
            tuple(window - start for window in self._promoted),
            tuple(window - start for window, one in self._findings.items() if one.drifted),
            tuple(window - start for window in lost),
            tuple(self._trained.values()),
        )


def _name(window: int) -> str:
    return (_FIRST_DAY + timedelta(days=window)).isoformat()
