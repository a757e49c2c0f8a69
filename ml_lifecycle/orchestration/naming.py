"""Names of everything that a project gives to Dagster. Only names live here, so that everybody may import them."""

from ml_lifecycle.config.project import ProjectConfig

#: Run tag that carries the project's name; the queue's limits count by it.
PROJECT_TAG = "ml_lifecycle/project"
#: Run tag: "true" makes steps run again although nothing changed.
FORCE_TAG = "ml_lifecycle/force"
#: Run tag: the version of `raw_data` in the lake that a run works on instead of collecting anew.
DATA_VERSION_TAG = "ml_lifecycle/data_version"
#: Run tags of this prefix change keys of the YAML for one run, such as `ml_lifecycle/set/features.selection.k`.
SETTING_PREFIX = "ml_lifecycle/set/"
#: Run tag of a retraining: which finding started it, as `<model version>:<window>`.
FINDING_TAG = "ml_lifecycle/finding"
#: Run tag of a run that was started again by itself: the run that failed.
AGAIN_TAG = "ml_lifecycle/again"
#: Run tag of such a run: how often it was started again, from 1.
ATTEMPT_TAG = "ml_lifecycle/attempt"
#: Run tag: why a run was started (command, drift, schedule, person).
TRIGGER_TAG = "ml_lifecycle/trigger"
#: Run tag: host and process of a run that the command executes itself; the UI hides tags of this prefix.
PROCESS_TAG = ".dagster/ml_lifecycle_process"


def group_of(project: str, room: str) -> str:
    """The asset group of one room of a project."""
    return f"{project}_{room}"


def job_of(project: str, verb: str) -> str:
    """The name of a job, a schedule or a sensor of a project."""
    return f"{project}_{verb}"


def owners_of(project: ProjectConfig) -> list[str] | None:
    """The asset owners: Dagster wants a mail address or `team:<name>`.

    >>> from ml_lifecycle.config.loading import build_project
    >>> brief = {"problem": "p", "task": "regression", "target": "y", "owner": "Risk & Credit"}
    >>> attributes = {"brief": brief, "dataset": {"sources": [{"path": "a.csv"}]}}
    >>> owners_of(build_project(attributes, name="a", folder=".", root="."))
    ['team:risk_credit']
    """
    owner = project.brief.owner.strip()
    if not owner:
        return None
    if "@" in owner:
        return [owner]
    name = owner.removeprefix("team:")
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    return [f"team:{'_'.join(words)}"]
