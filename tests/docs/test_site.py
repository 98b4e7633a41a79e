"""The built site: every link leads somewhere in it, nothing comes from elsewhere, every picture has words."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest

import edge
import edge.convert
import keras_lstm_plus
from keras_lstm_plus import interop
from tests.helpers.places import ROOT
from tests.helpers.site import built, pages, parsed

pytestmark = pytest.mark.site
pytest.importorskip("mkdocs", reason='pip install ".[docs]"')
# Not reached by a link: what a browser asks for by itself, or a plugin keeps.
SCHEMES = ("http", "https", "mailto", "data")


def test_every_link_and_anchor_is_there() -> None:
    missing = []
    for name, page in pages().items():
        for link in page.links if name != "404.html" else ():  # which is for a server
            parts = urlsplit(urljoin(name, link))
            if parts.scheme in SCHEMES or not link:
                continue
            there = unquote(parts.path) or name
            if not (built() / there).is_file():
                missing.append(f"{name}: {link}")
            elif parts.fragment and there.endswith(".html"):
                anchors = pages()[there].anchors
                if unquote(parts.fragment) not in {*anchors, "__skip"}:
                    missing.append(f"{name}: {link}")
    assert missing == []


def test_a_notebook_is_read_as_a_page() -> None:
    """The file itself is offered by its own page alone."""
    links = {(name, link) for name, page in pages().items() for link in page.links if link.endswith(".ipynb")}
    stems = sorted(path.stem for path in (ROOT / "docs" / "notebooks").glob("*.ipynb"))
    assert sorted(links) == [(f"notebooks/{stem}.html", f"{stem}.ipynb") for stem in stems]


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Scripts, styles, fonts, pictures: a reader without a network sees all of it."""
    found = []
    for path in built().rglob("*.html"):
        for tag in re.findall(
            r"<(?:script|img|iframe|source|link)\b[^>]*>", path.read_text(encoding="utf-8")
        ):
            outside = re.search(r"(?:src|href)=\"?(?:https?:)?//", tag)
            if outside and 'rel="canonical"' not in tag:
                found.append(f"{path.name}: {tag}")
    styles = [
        path
        for path in built().rglob("*.css")
        if re.search(r"url\(['\"]?(https?:)?//", path.read_text("utf-8"))
    ]
    assert found == []
    assert styles == []


def test_no_picture_is_without_words() -> None:
    assert {name: page.wordless for name, page in pages().items() if page.wordless} == {}


def test_a_picture_without_words_is_seen(tmp_path: pytest.TempPathFactory) -> None:
    bad = tmp_path / "x.html"  # type: ignore[operator]
    bad.write_text(
        '<img src="a.png"><img src="b.png" alt=" "><svg class="drawing"></svg><img src="c.png" alt="c">'
    )
    assert parsed(bad).wordless == ["a.png", "b.png", "a drawing"]


@pytest.mark.parametrize(
    "package", [keras_lstm_plus, interop, edge, edge.convert], ids=lambda each: each.__name__
)
def test_every_public_name_is_in_the_reference(package: object) -> None:
    anchors = set().union(*(page.anchors for name, page in pages().items() if name.startswith("reference/")))
    name = package.__name__  # type: ignore[attr-defined]
    public = [each for each in package.__all__ if callable(getattr(package, each))]  # type: ignore[attr-defined]
    assert [each for each in public if f"{name}.{each}" not in anchors] == []


def test_drawings_take_the_colours_of_the_page() -> None:
    page = (built() / "how-an-lstm-works.html").read_text(encoding="utf-8")
    assert page.count('<svg class="drawing"') == 2
    for path in (ROOT / "docs" / "pictures").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "<title>" in text, path.name
        assert "prefers-color-scheme" in text, path.name
        colours = set(re.findall(r"#[0-9a-f]{6}", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)))
        assert colours == set(), f"{path.name} has colours of its own"
