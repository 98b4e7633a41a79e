"""A report of results as files: Markdown, pictures, and one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from pathlib import Path

from edge.files import write_all
from edge.report.against_keras import against_keras
from edge.report.benchmark import legend, machine_lines
from edge.report.choice import choose
from edge.report.pictures import pictures
from edge.report.tables import PLATFORMS, Cells, rows_of, source_names, tables
from edge.results.benchmark import BenchmarkResult
from edge.results.saved import Saved, read_saved

TITLE, TAKE = "Report", "Which file to take"
AGAINST = "Error: rms, in standard deviations of the output of Keras. Verdict: of `verify`."
TITLES = {
    "latency": "Latency, and how near the answers are",
    "percentiles": "Spread of the times",
    "sizes": "Size",
    "lengths": "Latency and the length of a sequence",
}
CSS = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #222;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { border-bottom: 2px solid #888; }
tbody th { font-weight: 400; }
img { max-width: 100%; height: auto; }
.dim { color: #666; font-size: .9em; } .warning { background: #fff4d6; padding: .4rem .7rem; }
"""
# The page is looked at and does nothing: its one style is known by its hash, its pictures are in it.
POLICY = (
    "default-src 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()}'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)


def write_report(paths: Sequence[str | Path], folder: Path) -> list[Path]:
    """Read results, check them, and write the report.

    Args:
        paths: JSON files that `convert`, `verify` and `benchmark` have written, of any platform.
        folder: made if need be; `report.html`, `report.md` and the pictures in it are replaced.

    Returns:
        The files, the page first.

    Raises:
        ValueError: a result is missing or not valid.
        ImportError: matplotlib is not installed.
        OSError: the folder cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; give the name of a folder, which is made if need be.")
    results = [read_saved(path) for path in paths]
    rows = rows_of(_benchmarks(results))
    drawn = pictures(rows) if rows else {}
    contents = {
        "report.html": as_html(results, drawn).encode(),
        "report.md": as_markdown(results, drawn).encode(),
        **{f"{name}.png": content for name, content in drawn.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = {folder / name: content for name, content in contents.items()}
    write_all(written)
    return list(written)


def as_markdown(results: Sequence[Saved], drawn: dict[str, bytes]) -> str:
    """The report as Markdown, with the pictures beside it."""
    parts = [f"# {TITLE}"]
    sentences, table = choose(results).sentences, against_keras(results)
    parts += [f"## {TAKE}"] * bool(sentences) + list(map(_escaped, sentences))
    parts += [_markdown_table(table), _escaped(AGAINST)] if table.rows else []
    parts += [f"## {TITLES[name]}\n\n![{TITLES[name]}]({name}.png)" for name in drawn]
    measured = _benchmarks(results)
    for heading, result in zip(_headings(measured), measured, strict=True):
        parts.append(f"## {_escaped(heading)}")
        parts.append("  \n".join(map(_escaped, machine_lines(result))))
        parts += [f"> **Warning:** {_escaped(text)}" for text in result.warnings]
        parts += [_markdown_table(cells) for cells in tables(result)]
        parts.append(_escaped(" ".join(legend(result))))
    return "\n\n".join(parts) + "\n"


def as_html(results: Sequence[Saved], drawn: dict[str, bytes]) -> str:
    """The report as one page, pictures included."""
    parts = [f"<h1>{TITLE}</h1>"]
    sentences, table = choose(results).sentences, against_keras(results)
    parts += [f"<h2>{TAKE}</h2>"] * bool(sentences) + [f"<p>{html.escape(each)}</p>" for each in sentences]
    parts += [_html_table(table), f'<p class="dim">{html.escape(AGAINST)}</p>'] if table.rows else []
    for name, content in drawn.items():
        data = base64.b64encode(content).decode()
        title = html.escape(TITLES[name])
        parts.append(f'<h2>{title}</h2>\n<img alt="{title}" src="data:image/png;base64,{data}">')
    measured = _benchmarks(results)
    for heading, result in zip(_headings(measured), measured, strict=True):
        parts.append(f"<h2>{html.escape(heading)}</h2>")
        parts.append(f"<p>{'<br>'.join(map(html.escape, machine_lines(result)))}</p>")
        parts += [f'<p class="warning">{html.escape(text)}</p>' for text in result.warnings]
        parts += [_html_table(cells) for cells in tables(result)]
        parts.append(f'<p class="dim">{html.escape(" ".join(legend(result)))}</p>')
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}</title>\n<style>{CSS}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _benchmarks(results: Sequence[Saved]) -> list[BenchmarkResult]:
    return [each for each in results if isinstance(each, BenchmarkResult)]


def _headings(results: Sequence[BenchmarkResult]) -> list[str]:
    """The platform and the day, and which one if there are several."""
    named = source_names(results) if len(results) != 1 else [PLATFORMS[results[0].platform]]
    return [
        f"{name[:1].upper()}{name[1:]}, {result.created[:10]}"
        for name, result in zip(named, results, strict=True)
    ]


def _markdown_table(cells: Cells) -> str:
    lines = [cells.headers, ("---", *("---:" for _ in cells.headers[1:])), *cells.rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _html_table(cells: Cells) -> str:
    head = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in cells.headers)
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(each)}</td>" for each in row[1:])
        + "</tr>"
        for row in cells.rows
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    return f'<div class="scroll">{table}</div>'


def _escaped(text: str) -> str:
    """A name is no markup, and ends no line of a table."""
    text = " ".join(text.split())
    for each in "\\`*_[]<>|":
        text = text.replace(each, f"\\{each}")
    return text
