"""The entry point: commands, and the one place where an error becomes a message and a code."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from planner import __version__
from planner.cli import exits
from planner.cli.check import check
from planner.cli.console import harmless
from planner.cli.decode import decode
from planner.cli.explain import explain
from planner.cli.harvest import harvest
from planner.cli.knowledge import knowledge
from planner.cli.output import forget_output, open_streams, refuse_wrong_outputs
from planner.cli.plan import plan
from planner.cli.probe import probe
from planner.cli.report import report
from planner.cli.simulate import simulate
from planner.cli.solve import solve
from planner.cli.status import status
from planner.cli.unlock import unlock
from planner.cli.whatif import whatif
from planner.domain.errors import PlannerError, UsageError

app = typer.Typer(
    name="planner",
    help="The newest QEMU machine type and compat flags that keep every live migration safe.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(solve)
app.command()(check)
app.command()(plan)
app.command()(simulate)
app.command()(status)
app.command()(report)
app.command()(explain)
app.command()(unlock)
app.command()(whatif)
app.command()(decode)
app.command()(probe)
app.add_typer(knowledge, name="knowledge")
app.add_typer(harvest, name="harvest")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"planner {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Fleet-wide machine-type planner for QEMU and KVM."""


def main() -> None:
    """Run a command; every user error is one message per problem and a documented exit code."""
    gc.disable()  # one command and out: values are trees, and looking for cycles costs a quarter
    try:
        open_streams()
        refuse_wrong_outputs(sys.argv[1:])
        app()
    except UsageError as error:
        _complain(error)
        sys.exit(exits.USAGE)
    except PlannerError as error:
        _complain(error)
        sys.exit(exits.UNREADABLE)
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        forget_output()
        sys.exit(exits.ANSWERED)
    except KeyboardInterrupt:
        sys.exit(exits.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the one broad catch: a bug must not look like a verdict
        _say(f"bug: {type(error).__name__}: {error}")
        _say("nothing above is an answer; please report this")
        sys.exit(exits.BUG)


def _complain(error: PlannerError) -> None:
    for problem in error.problems:
        _say(str(problem))


def _say(text: str) -> None:
    print(f"planner: {harmless(text)}", file=sys.stderr)  # noqa: T201
