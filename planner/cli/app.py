"""The entry point: commands, and the one place where an error becomes a message and a code."""

from __future__ import annotations

import gc
import logging
import sys
from typing import Annotated, cast

import typer

from planner import __version__
from planner.cli import exits
from planner.cli.check import check
from planner.cli.cpu import cpu
from planner.cli.decode import decode
from planner.cli.explain import explain
from planner.cli.hand_over.ci import ci
from planner.cli.hand_over.export import export
from planner.cli.hand_over.gate import gate
from planner.cli.hand_over.rehearse import rehearse
from planner.cli.harvest import harvest
from planner.cli.import_ import import_
from planner.cli.knowledge import knowledge
from planner.cli.plan import plan
from planner.cli.probe import probe
from planner.cli.report import report
from planner.cli.screen.output import forget_output, leave, open_streams, refuse_wrong_outputs
from planner.cli.simulate import simulate
from planner.cli.solve import solve
from planner.cli.status import status
from planner.cli.unlock import unlock
from planner.cli.whatif import whatif
from planner.domain.errors import PlannerError, UsageError
from planner.domain.shown import harmless

WRONG_WORDS = cast("type[typer.BadParameter]", typer.BadParameter.__bases__[0])
"""All that typer raises for wrong words, of which it exports this kind alone."""

app = typer.Typer(
    name="planner",
    help="The newest QEMU machine type and compat flags that keep every live migration safe.",
    epilog="Example: planner solve examples/three-pools/fleet.csv",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(short_help="The newest machine type and flags that are safe.")(solve)
app.command(short_help="Judge one migration, or a file of them.")(check)
app.command(short_help="The newest guest CPU that is safe.")(cpu)
app.command(short_help="Upgrade waves, and when flags can flip.")(plan)
app.command(short_help="Replay a plan phase by phase, with faults.")(simulate)
app.command(short_help="Compare a plan with the fleet as it is.")(status)
app.command(short_help="Write one HTML page of answers and plan.")(report)
app.command(short_help="Why not newer, and what would open it.")(explain)
app.command(short_help="Which hosts to upgrade to open more.")(unlock)
app.command(short_help="What scenarios would change.")(whatif)
app.command(short_help="Name the bits of a `Features` message.")(decode)
app.command(short_help="Ask this host what it can do.")(probe)
app.command("import", short_help="A fleet out of what your hypervisors print.")(import_)
app.command(short_help="An answer or plan in the words of others.")(export)
app.command(short_help="One line per finding, for a daily job.")(ci)
app.command(short_help="The migrations that would prove an answer.")(rehearse)
app.add_typer(knowledge, name="knowledge")
app.add_typer(harvest, name="harvest")
app.add_typer(gate, name="gate")


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
    bugs = _Bugs()
    logging.getLogger("planner.bugs").addHandler(bugs)
    try:
        code = _run()
    except KeyboardInterrupt as stop:
        code = stop.args[0] if stop.args else exits.INTERRUPTED
    leave(exits.BUG if bugs.told and code in exits.ANSWERS else code)


class _Bugs(logging.Handler):
    """Says at once which pool the planner contradicts itself about; the others keep their answers."""

    def __init__(self) -> None:
        """Start with nothing told."""
        super().__init__()
        self.told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print each message once."""
        text = record.getMessage()
        if text not in self.told:
            self.told.add(text)
            _say(f"bug: choice and certificate disagree, so it is undecided; {text}")


def _run() -> int:
    try:
        open_streams()
        refuse_wrong_outputs(sys.argv[1:])
        return app(standalone_mode=False) or exits.ANSWERED
    except WRONG_WORDS as error:
        _show(error)
        return exits.USAGE
    except PlannerError as error:
        _complain(error)
        return exits.USAGE if isinstance(error, UsageError) else exits.UNREADABLE
    except (OSError, MemoryError) as error:
        return _refused_by_system(error)
    except SystemExit as end:
        return _code_of(end)
    except Exception as error:
        if stop := _breaking_off(error):
            raise stop from error
        _say(f"bug: {type(error).__name__}: {error}")
        _say("nothing above is an answer; please report this")
        return exits.BUG


def _refused_by_system(error: OSError | MemoryError) -> int:
    """Tell what the system did not give: a file, or memory; nothing more is written to the output."""
    forget_output()
    if isinstance(error, MemoryError):
        _say("out of memory: nothing above is an answer; give it more memory, or less to read")
    else:
        _say(f"{error.filename or 'standard output'}: {error.strerror or error}")
    return exits.UNREADABLE


def _breaking_off(error: BaseException | None) -> KeyboardInterrupt | None:
    """Return the Ctrl-C, or the end by a signal, that became an error in the middle of a call."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def _code_of(end: SystemExit) -> int:
    """Return the code of an end that typer made: of shell completion, or of a reader gone early."""
    if isinstance(end.__context__, BrokenPipeError):
        forget_output()
        return exits.ANSWERED
    return end.code if isinstance(end.code, int) else exits.ANSWERED


def _show(error: typer.BadParameter) -> None:
    """Show wrong words of a command line without the word that a reader of values puts before."""
    error.message = error.message.removeprefix("Value error, ")
    error.show()


def _complain(error: PlannerError) -> None:
    for problem in error.problems:
        _say(str(problem))


def _say(text: str) -> None:
    print(f"planner: {harmless(text)}", file=sys.stderr)  # noqa: T201
