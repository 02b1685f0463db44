"""`cumulet snapshot`: keep the whole state under a name, go back to it, make another cloud of it."""

from __future__ import annotations

from pathlib import Path

import click

from cumulet.cli import background, options
from cumulet.cli.connection import ask, part
from cumulet.cli.display import instant, show, size, table
from cumulet.cli.environment import DEFAULT_HOST, Wishes


@click.group()
def snapshot() -> None:
    """Save, list, load, fork and delete snapshots of the whole cloud."""


@snapshot.command()
@click.argument("name")
@options.data_dir
@options.as_json
def save(name: str, data_dir: Path, as_json: bool) -> None:
    """Keep the present state as NAME. The cloud goes on meanwhile."""
    facts = ask(data_dir, "POST", "/_cumulet/snapshots", name=name)
    show(facts, as_json, f"Saved {name}: {size(facts['bytes'])}, as of {instant(facts['clock'])}.")


@snapshot.command(name="list")
@options.data_dir
@options.as_json
def list_all(data_dir: Path, as_json: bool) -> None:
    """Print all snapshots, oldest first."""
    facts = ask(data_dir, "GET", "/_cumulet/snapshots")
    rows = [(s["name"], instant(s["created"]), instant(s["clock"]), size(s["bytes"])) for s in facts["snapshots"]]
    if as_json or not rows:
        show(facts, as_json, "There are no snapshots. Make one: cumulet snapshot save NAME")
        return
    table(("name", "saved", "cloud's time", "size"), rows, right=("size",))


@snapshot.command()
@click.argument("name")
@options.yes
@options.data_dir
@options.as_json
def load(name: str, yes: bool, data_dir: Path, as_json: bool) -> None:
    """Go back to NAME. What the cloud holds now is gone then; on a terminal it asks first."""
    if not yes and click.get_text_stream("stdin").isatty():
        click.confirm(f"Replace what {data_dir} holds now by the snapshot {name}?", abort=True, err=True)
    show(ask(data_dir, "POST", f"/_cumulet/snapshots/{part(name)}/load"), as_json, f"Loaded {name}.")


@snapshot.command()
@click.argument("name")
@click.argument("into", type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where the new cloud listens. [default: a free port]"
)
@click.option("--no-start", is_flag=True, help="Only make the data directory.")
@options.data_dir
@options.as_json
def fork(name: str, into: Path, port: int, no_start: bool, data_dir: Path, as_json: bool) -> None:
    """Start another cloud on the data directory INTO, which becomes a copy of the snapshot NAME."""
    into = into.expanduser().absolute()
    facts = ask(data_dir, "POST", f"/_cumulet/snapshots/{part(name)}/fork", into=str(into))
    if no_start:
        show(facts, as_json, f"Made {into} from {name}. Start it: cumulet up --data-dir {into} --port 0")
        return
    running = background.launch(Wishes(host=DEFAULT_HOST, port=port), into, "process")
    facts |= {"url": running["url"], "pid": running["pid"], "log": running["log"]}
    show(facts, as_json, f"A copy of {name} runs at {running['url']}. Stop it: cumulet down --data-dir {into}")


@snapshot.command()
@click.argument("name")
@options.data_dir
@options.as_json
def delete(name: str, data_dir: Path, as_json: bool) -> None:
    """Remove the snapshot NAME."""
    show(ask(data_dir, "DELETE", f"/_cumulet/snapshots/{part(name)}"), as_json, f"Deleted {name}.")
