"""What every asset of a project has in common: key, group, kinds, owners, checks, versions, storage, errors, memory.

What a single asset does lives in `assets/`; this module only saves each of them from saying the rest again.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dagster as dg

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration import memo
from ml_lifecycle.orchestration.checks import results_of, specs_for
from ml_lifecycle.orchestration.failures import failing_clearly
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.naming import FORCE_TAG, group_of, owners_of
from ml_lifecycle.orchestration.resources import TRACKING_KEY, tracking_resource
from ml_lifecycle.orchestration.storage import DEFERRED, LAKE_KEY, RECORD_KEY, Stored, Written, lake_io_manager
from ml_lifecycle.orchestration.window_runs import WindowContext, WindowRun, over_windows, running, tell_of_windows
from ml_lifecycle.verdict import Verdict

#: Raised with every change that makes old results of a step invalid.
CODE_GENERATION = "3"
#: Metadata key under which each window of a run over many says which of its checks passed.
CHECKS_KEY = "checks"
#: The rows that every later step takes.
ROWS = "validated_data"
_BEFORE_LABELS = ("labeled_data", ROWS)


#: Steps with a pool of their own: a version that does harm must be rolled back while another one is trained.
_POOLS = {"rollout_status": "rollout"}


@dataclass(frozen=True, slots=True)
class Made:
    """What an asset body returns: its value, what its gates said, and what the UI shows."""

    value: object
    verdicts: Sequence[Verdict] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    data_version: str | None = None


@dataclass(frozen=True, slots=True)
class StepSpec:
    """What a step is, apart from what it does.

    Args:
        name: The asset's name.
        room: Its room, which is its group.
        kinds: What the UI shows as its kinds.
        needs: Assets whose values it takes, each an argument of its body.
        after: Assets whose change makes it run again, although it does not take their values.
        gated_by: Assets whose gates must let pass before it runs; their values are nothing to it.
        sections: The parts of the YAML that it reads.
        partitions: Its partitions.
        reusable: Whether an earlier result may stand for a new one.
        outer: What it depends on outside of Dagster.
        config: What a person may tell it when they materialise it; its body takes it as `config`.
    """

    name: str
    room: str
    kinds: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    gated_by: tuple[str, ...] = ()
    sections: tuple[object, ...] = ()
    partitions: dg.PartitionsDefinition[str] | None = None
    reusable: bool = True
    outer: Callable[[dg.AssetExecutionContext], str] | None = None
    config: type[dg.Config] | None = None

    @property
    def judges_windows(self) -> bool:
        """Whether its partitions are stretches of time, of which one run may take many."""
        return isinstance(self.partitions, dg.TimeWindowPartitionsDefinition)


def step(project: ProjectConfig, spec: StepSpec) -> Callable[[Callable[..., Made]], dg.AssetsDefinition]:
    """Make an asset of a function that takes the context and the values it needs, and returns `Made`.

    The function's docstring is the asset's description. A `LifecycleError` becomes a `Failure` with the same message
    and no retry, for trying again does not mend bad input.
    """
    key = dg.AssetKey([project.name, spec.name])
    code_version = version_of(spec.sections)
    inputs = [key_of(project, spec, name) for name in (*spec.needs, *spec.after)]

    def decorate(body: Callable[..., Made]) -> dg.AssetsDefinition:
        def run(context: dg.AssetExecutionContext, **stored: Any) -> dg.MaterializeResult[Any]:
            told = {"config": stored.pop("config")} if spec.config else {}
            with failing_clearly():
                outer = spec.outer(context) if spec.outer else ""
                mark = memo.fingerprint(context.instance, code_version=code_version, inputs=inputs, outer=outer)
                fresh = spec.partitions or not spec.reusable or _says_something(told)
                earlier = None if fresh else recall(context, project, key, mark)
                if earlier is not None:
                    return earlier
                if spec.judges_windows and len(context.partition_keys) > 1:
                    return _windows_materialized(context, project, key, mark, partial(body, **told), stored)
                return materialized(key, mark, body(context, **_values(stored), **told))

        take_named_inputs(run, spec.needs, spec.config)
        made: dg.AssetsDefinition = dg.asset(
            key=key,
            ins=ins_of(project, spec),
            deps=[dg.AssetKey([project.name, name]) for name in (*spec.after, *spec.gated_by)],
            partitions_def=spec.partitions,
            backfill_policy=dg.BackfillPolicy.single_run() if spec.judges_windows else None,
            **common(project, spec, description=inspect.getdoc(body) or ""),
        )(run)
        return made

    return decorate


def ins_of(project: ProjectConfig, spec: StepSpec) -> dict[str, dg.AssetIn]:
    """The inputs of a step, each handed over as `Stored`, so that a step that is not computed again reads nothing."""
    return {name: dg.AssetIn(key=key_of(project, spec, name), metadata={DEFERRED: True}) for name in spec.needs}


def key_of(project: ProjectConfig, spec: StepSpec, name: str) -> dg.AssetKey:
    """The asset behind an input: where rules guess labels, everybody but they themselves takes the labelled rows."""
    labelled = name == ROWS and project.dataset.labeling is not None and spec.name not in _BEFORE_LABELS
    return dg.AssetKey([project.name, "labeled_data" if labelled else name])


def _says_something(told: Mapping[str, dg.Config]) -> bool:
    """Whether a person has told the step anything: an earlier result cannot have known of it."""
    return any(config != type(config)() for config in told.values())


def _values(stored: Mapping[str, Stored]) -> dict[str, object]:
    return {name: item.get() for name, item in stored.items()}


def take_named_inputs(run: Callable[..., Any], needs: Sequence[str], config: type[dg.Config] | None = None) -> None:
    """Give a function that takes `**stored` the signature that Dagster matches inputs against."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    run.__annotations__ = {"context": dg.AssetExecutionContext}
    parameters = [inspect.Parameter("context", kind, annotation=dg.AssetExecutionContext)]
    parameters += [inspect.Parameter(name, kind) for name in needs]
    if config is not None:
        run.__annotations__["config"] = config
        parameters.append(inspect.Parameter("config", kind, annotation=config))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]


def common(project: ProjectConfig, spec: StepSpec, *, description: str) -> dict[str, Any]:
    """The arguments that every asset decorator of a project gets."""
    key = dg.AssetKey([project.name, spec.name])
    return {
        "group_name": group_of(project.name, spec.room),
        "kinds": set(spec.kinds),
        "owners": owners_of(project),
        "tags": {"ml_lifecycle/room": spec.room, **project.orchestration.tags},
        "description": description,
        "code_version": version_of(spec.sections),
        "check_specs": specs_for(key),
        "io_manager_key": LAKE_KEY,
        "required_resource_keys": {TRACKING_KEY},
        "resource_defs": {
            LAKE_KEY: lake_io_manager(project.root),
            TRACKING_KEY: tracking_resource(project.root),
        },
        "pool": pool_of(project, spec),
    }


def pool_of(project: ProjectConfig, spec: StepSpec) -> str:
    """The concurrency pool: one run of a project may train at a time; monitoring and rollouts do not wait for it."""
    return f"{project.name}_{_POOLS.get(spec.name, 'monitoring' if spec.room == 'monitoring' else 'lifecycle')}"


def version_of(sections: Sequence[object]) -> str:
    """The code version of a step: the generation of our code and the part of the YAML that it reads."""
    plain = [part.model_dump(mode="json") if isinstance(part, Section) else part for part in sections]
    said = json.dumps(plain, sort_keys=True, default=str)
    return f"{CODE_GENERATION}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def materialized(key: dg.AssetKey, mark: str, made: Made) -> dg.MaterializeResult[Any]:
    """What Dagster is given for what a body made."""
    return dg.MaterializeResult(
        asset_key=key,
        value=made.value,
        metadata={**made.metadata, **memo.mark_metadata(mark)},
        check_results=results_of(key, made.verdicts),
        data_version=dg.DataVersion(made.data_version or mark),
    )


def _windows_materialized(
    context: dg.AssetExecutionContext,
    project: ProjectConfig,
    key: dg.AssetKey,
    mark: str,
    body: Callable[..., Made],
    stored: Mapping[str, Stored],
) -> dg.MaterializeResult[Any]:
    """What Dagster is given for a run over many windows: the body judges each, the lake takes them by portions."""
    run = WindowRun(Lake(Home.find(project.root).lake), key, context.partition_keys)
    verdicts: dict[str, Sequence[Verdict]] = {}
    metadata: dict[str, dict[str, Any]] = {}
    with running(run):
        for window in run.windows:
            values = _values({name: item.of(window) for name, item in stored.items()})
            made = body(WindowContext(context, window), **values)
            run.add(window, made.value)
            verdicts[window] = made.verdicts
            passed = {verdict.gate: verdict.passed for verdict in made.verdicts}
            metadata[window] = {**made.metadata, CHECKS_KEY: dg.MetadataValue.json(passed)}
    for window, record in run.records.items():
        metadata[window][RECORD_KEY] = dg.MetadataValue.json(record.to_json())
    tell_of_windows(context, key, metadata)
    written = Written(run.records, run.waiting)
    return materialized(key, mark, Made(written, over_windows(verdicts)))


def recall(
    context: dg.AssetExecutionContext, project: ProjectConfig, key: dg.AssetKey, mark: str
) -> dg.MaterializeResult[Any] | None:
    """The earlier materialisation of an asset, given once more, if nothing it depends on has changed."""
    if context.run.tags.get(FORCE_TAG) == "true":
        return None
    checks = [spec.key for spec in specs_for(key)]
    lake = Lake(Home.find(project.root).lake)
    earlier = memo.find_earlier(context.instance, key, mark=mark, checks=checks, lake=lake)
    if earlier is None:
        return None
    context.log.info(f"{key.to_user_string()}: nothing it depends on has changed, the earlier result stands")
    return dg.MaterializeResult(
        asset_key=key,
        metadata=earlier.metadata,
        check_results=results_of(key, earlier.verdicts),
        data_version=dg.DataVersion(earlier.data_version),
    )
