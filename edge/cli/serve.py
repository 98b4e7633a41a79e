"""`python -m edge serve`: model files in a browser, on this machine or on a phone."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from edge.cli.tools import one_sentence

WARNING = (
    "Warning: every device in this network can reach this server; only one that has the address below, token "
    "included, gets in."
)
NO_SENSORS = "Browsers give a phone's motion sensors only to https: add --https."
DISTRUST = "The certificate is this machine's own: the browser warns once, and you go on (Advanced, Proceed)."


def serve(
    files: Annotated[list[Path], typer.Argument(metavar="MODEL.tflite...", help="Files for the page.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="A recording to play: .npy, .npz or .csv, (time, features) or (windows, time, features)."
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=1, max=1000, help="Samples a second that the models expect.")
    ] = 50.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; 0.0.0.0 lets phones in the same network in, with a token."),
    ] = "127.0.0.1",
    https: Annotated[
        bool,
        typer.Option("--https", help="Encrypt, with a certificate made on the spot: for motion sensors."),
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for the browser's runtimes; else one in your cache.")
    ] = None,
) -> None:
    """Open a page that runs files in the browser: live, from motion sensors or a recording, and timed."""
    with one_sentence(), ExitStack() as stack:
        from edge.web.certificate import self_signed
        from edge.web.models import recording, served_model
        from edge.web.runtimes import cache_folder
        from edge.web.server import Server, own_address
        from edge.web.site import Site

        models = [served_model(path) for path in files]
        samples = recording(data) if data else None
        site = Site(models, samples, data.name if data else "", rate, cache or cache_folder(), _say)
        for model in models:
            if model.preferred is None:
                _say(f"Warning: no runtime of a browser takes {model.name}; the page says why.")
            else:
                site.prepare(model.preferred)
        certificate = None
        if https:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-"))
            certificate = self_signed(Path(folder), own_address(host))
        server = stack.enter_context(Server(site, host, port, certificate, _next))
        if server.is_open:
            _say(WARNING)
            _say(DISTRUST if https else NO_SENSORS)
        _say("Ctrl-C ends it.")
        typer.echo(f"Open {server.address}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            _say("Ended.")


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _next(address: str) -> None:
    typer.echo(f"A device is in. For another one: {address}")
