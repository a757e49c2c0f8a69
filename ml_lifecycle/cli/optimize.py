"""The commands about a tuned model made smaller or faster: profile, prune, quantize, export.

They try forms of the latest tuned model and change nothing of the project; what `optimized_model` tries says the YAML.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json, require_writable

if TYPE_CHECKING:
    from ml_lifecycle.modeling.optimization.forms import Form
    from ml_lifecycle.modeling.optimization.procedure import Optimized

optimize_app = typer.Typer(
    help="The tuned model made smaller or faster: profile, prune, quantize, export.", no_args_is_help=True
)
_PROFILED = (
    *("form", "rounds", "row_p50_ms", "row_p95_ms", "row_p99_ms", "batch_p50_ms", "batch_p95_ms", "batch_p99_ms"),
    *("size_bytes", "memory_bytes", "load_ms"),
)
_COMPARED = (
    *("form", "rounds", "row_p50_ms", "batch_p50_ms", "size_bytes", "load_ms", "speed"),
    *("difference", "low", "high", "kept", "note"),
)
_DIGITS = 4

Out = Annotated[Path | None, typer.Option(help="Where the model is written, in its library's own format.")]


class Precision(StrEnum):
    """How coarse leaves and thresholds become."""

    INT8 = "int8"
    FLOAT16 = "float16"


class Format(StrEnum):
    """What a model is exported as."""

    ONNX = "onnx"
    COMPILED = "compiled"


@optimize_app.command("profile")
def profile_command(project: Project, *, as_json: AsJson = False) -> None:
    """Measure the tuned model: time of one row and of a batch, size, memory, time to load."""
    _print(project, _try(project, variants=()), as_json=as_json)


@optimize_app.command("prune")
def prune_command(
    project: Project,
    sparsity: Annotated[float, typer.Option(help="Share of the trees that is taken out at most.")] = 0.5,
    out: Out = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take trees out: the last ones, or a subset whose other trees get new weights; the faster that keeps quality."""
    require_writable(out, "--out")
    found = _try(project, variants=("prune", "prune_refit"), sparsity=sparsity, choose="fastest")
    _print(project, found, as_json=as_json, written=_write(found.forms[found.chosen], out))


@optimize_app.command("quantize")
def quantize_command(
    project: Project,
    precision: Annotated[Precision, typer.Option(help="How coarse leaves and thresholds become.")] = Precision.INT8,
    out: Out = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make leaves and thresholds coarser, and the model smaller; written where it keeps the quality."""
    require_writable(out, "--out")
    found = _try(project, variants=(precision.value,), choose="smallest")
    _print(project, found, as_json=as_json, written=_write(found.forms[found.chosen], out))


@optimize_app.command("export")
def export_command(
    project: Project,
    form: Annotated[Format, typer.Option("--format", help="What it is exported as.")] = Format.ONNX,
    out: Annotated[Path | None, typer.Option(help="The file; PROJECT.onnx or PROJECT.so here by default.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the model for another runtime, and compare it with the native one."""
    from ml_lifecycle.errors import ModelError

    path = out or Path(f"{project}.{'onnx' if form is Format.ONNX else 'so'}")
    require_writable(path, "--out")
    found = _try(project, variants=(form.value,), choose="original")
    made = found.forms.get(form.value)
    if made is None:
        raise ModelError(f"the model of {project} cannot be exported: {found.table['note'].iloc[-1]}")
    _print(project, found, as_json=as_json, written=_write(made, path))


def _try(name: str, **settings: Any) -> "Optimized":
    """Try forms of the project's latest tuned model; what is not said here says the YAML.

    Raises:
        ConfigError: A setting is wrong, or an extra is not installed.
        StateError: There is no tuned model.
    """
    from pydantic import ValidationError

    from ml_lifecycle.config.optimize import OptimizeConfig
    from ml_lifecycle.errors import ConfigError
    from ml_lifecycle.orchestration.assets.optimization import latest_bench
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    project = site.project(name)
    try:
        config = OptimizeConfig.model_validate({**project.modeling.optimize.model_dump(), **settings})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ConfigError(f"--{wrong['loc'][0]} is wrong", expected=wrong["msg"], got=str(wrong["input"])) from error
    with site.instance() as instance:
        return latest_bench(instance, project).optimize(config)


def _write(form: "Form", path: Path | None) -> Path | None:
    """Write a form; the model as it is is no result, so that nothing is written then."""
    from ml_lifecycle.modeling.optimization.forms import ORIGINAL

    if path is None or form.name == ORIGINAL:
        return None
    path.write_bytes(form.to_file())
    return path


def _print(project: str, found: "Optimized", *, as_json: bool, written: Path | None = None) -> None:
    from ml_lifecycle.orchestration.console import print_rows

    rows = found.table.astype(object).where(found.table.notna(), None).to_dict("records")
    if as_json:
        return print_json({"summary": found.summary, "chosen": found.chosen, "written": written, "forms": rows})
    columns = _COMPARED if len(rows) > 1 else _PROFILED
    print_rows(f"{project}: forms of the tuned model", [{key: _short(row.get(key)) for key in columns} for row in rows])
    return typer.echo(found.summary if written is None else f"{found.summary} Written: {written}")


def _short(value: object) -> object:
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else value
