"""The command as a whole: its groups, and what becomes of an error that a user can mend."""

import json
import logging
import sys
import warnings

import typer

from ml_lifecycle.cli.alerts import alerts_command
from ml_lifecycle.cli.dashboard import dashboard_command
from ml_lifecycle.cli.data import data_app
from ml_lifecycle.cli.features import features_app
from ml_lifecycle.cli.housekeeping import housekeeping_command
from ml_lifecycle.cli.lifecycle import register
from ml_lifecycle.cli.optimize import optimize_app
from ml_lifecycle.cli.release import register_release
from ml_lifecycle.cli.review import review_command
from ml_lifecycle.cli.rollout import rollout_command
from ml_lifecycle.cli.serve import keys_app, serve_command
from ml_lifecycle.cli.study import study_command
from ml_lifecycle.cli.train import experiments_app, train_app
from ml_lifecycle.errors import LifecycleError

app = typer.Typer(
    name="ml-lifecycle",
    help="The whole life of a machine-learning model on tabular data, run on Dagster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
register(app)
register_release(app)
app.command("serve")(serve_command)
app.command("rollout")(rollout_command)
app.command("review")(review_command)
app.command("housekeeping")(housekeeping_command)
app.command("dashboard")(dashboard_command)
app.command("alerts")(alerts_command)
app.command("study")(study_command)
app.add_typer(data_app, name="data")
app.add_typer(features_app, name="features")
app.add_typer(train_app, name="train")
app.add_typer(experiments_app, name="experiments")
app.add_typer(optimize_app, name="optimize")
app.add_typer(keys_app, name="keys")


def main() -> None:
    """Run the command; an error that a user can mend is printed without a stack trace."""
    # What libraries tell their developers (beta features, database migrations) is not for the user of this command.
    warnings.filterwarnings("ignore", module="dagster")
    warnings.filterwarnings("ignore", message=".*is currently in beta.*")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        app()
    except LifecycleError as error:
        if "--json" in sys.argv:
            said = {"error": type(error).__name__, "message": str(error), "what_to_do": error.advice}
            typer.echo(json.dumps(said))
        else:
            typer.secho(f"{type(error).__name__}: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)
