"""`python -m edge serve`: model files in a browser, on this machine or on a phone."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from edge.cli import tools
from edge.cli.ending import say as _say
from edge.cli.parser import Commands, number
from edge.cli.tools import one_sentence

WARNING = (
    "Warning: every device in this network can reach this server; only one that has the address below, token "
    "included, gets in."
)
NO_SENSORS = "Browsers give a phone's motion sensors only to https: add --https."
DISTRUST = "The certificate is this machine's own: the browser warns once, and you go on (Advanced, Proceed)."


ABOUT = "Open a page that runs files in the browser: live, from motion sensors or a recording, and timed."


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("serve", run, "MODEL.tflite...", ABOUT)
    parser.add_argument("files", nargs="+", type=Path, metavar="MODEL.tflite", help="Files for the page.")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="A recording to play: .npy, .npz or .csv, (time, features) or (windows, time, features).",
    )
    parser.add_argument(
        "--rate",
        type=number(1, 1000),
        default=50.0,
        metavar="HZ",
        help="Samples a second that the models expect. Else 50.",
    )
    parser.add_argument(
        "--port", type=number(0, 65535, whole=True), default=8000, help="Else 8000; 0: any that is free."
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="To listen on; 0.0.0.0 lets phones in the same network in, with a token. Else only this one.",
    )
    parser.add_argument(
        "--https",
        action="store_true",
        help="Encrypt, with a certificate made on the spot: for motion sensors.",
    )
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="For the browser's runtimes; else one in your cache."
    )


def run(given: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    with one_sentence(), ExitStack() as stack:
        from edge.web.certificate import self_signed
        from edge.web.models import recording, served_model
        from edge.web.runtimes import cache_folder
        from edge.web.server import Server, own_address
        from edge.web.site import Site

        models = [served_model(path) for path in given.files]
        samples = recording(given.data) if given.data else None
        site = Site(
            models,
            samples,
            given.data.name if given.data else "",
            given.rate,
            given.cache or cache_folder(),
            _say,
        )
        for model in models:
            if model.preferred is None:
                _say(f"Warning: no runtime of a browser takes {model.name}; the page says why.")
            else:
                site.prepare(model.preferred)
        certificate = None
        if given.https:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-"))
            certificate = self_signed(Path(folder), own_address(given.host))
        server = stack.enter_context(Server(site, given.host, given.port, certificate, _next))
        if server.is_open:
            _say(WARNING)
            _say(DISTRUST if given.https else NO_SENSORS)
        _say("Ctrl-C ends it.")
        tools.say(f"Open {server.address}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            _say("Ended.")


def _next(address: str) -> None:
    tools.say(f"A device is in. For another one: {address}")
