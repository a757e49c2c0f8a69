"""Reports that a run has left in MLflow, brought into a file."""

from pathlib import Path

import typer


def write_audit_report(name: str, path: Path) -> None:
    """Write the newest audit report of a project to a file."""
    from ml_lifecycle.orchestration.assets.discovery import AUDIT_REPORT, AUDIT_RUN
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import assets_status

    site = Site.find()
    project = site.project(name)
    with site.instance() as instance:
        (status,) = assets_status(instance, project, ["data_audit"])
    content = Workspace(project).registry.artifact_bytes(str(status.metadata[AUDIT_RUN]), AUDIT_REPORT)
    path.write_bytes(content)
    typer.echo(f"Written: {path}", err=True)
