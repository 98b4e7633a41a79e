"""What MkDocs does beside building `docs/`: pages that live elsewhere, notebooks, drawings.

A README beside the code stays there, and is a page of the site too: whatever a page links to in the
repository comes along under `repository/`, at the path that it has.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from drawings import inlined
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from notebooks import as_markdown

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = "repository"
WORKER = "https://unpkg.com/iframe-worker/shim"
FENCE = re.compile(r"^( *)(```+).*?^\1\2 *$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(
    r"(?P<before>\]\(|src=\"|href=\")(?P<target>[^)\s\"#]+)(?P<anchor>#[^)\s\"]*)?(?P<after>\)|\")"
)
FOLDER = re.compile(r"\[(?P<words>[^\]\n]+)\]\((?P<target>[^)\s#]+)\)")
REST = re.compile(r"<!-- the rest of ([\w.]+) -->")
SCHEME = re.compile(r"\w+:")


def source_of(uri: str) -> PurePosixPath:
    """The path in the repository of what is at `uri` in the site."""
    path = PurePosixPath(uri)
    return path.relative_to(ELSEWHERE) if path.parts[0] == ELSEWHERE else PurePosixPath("docs") / path


def uri_of(source: PurePosixPath) -> str:
    """Where a file of the repository is in the site."""
    inside = source.parts[0] == "docs"
    return str(source.relative_to("docs") if inside else PurePosixPath(ELSEWHERE) / source)


def linked(source: PurePosixPath, target: str) -> PurePosixPath | None:
    """The file of the repository that a link in `source` names; None: an address, or nothing of ours."""
    if SCHEME.match(target):
        return None
    path = Path(os.path.normpath(ROOT / source.parent / target))
    if path.is_dir() and (path / "README.md").exists():
        path /= "README.md"
    there = path.is_relative_to(ROOT) and path.exists()
    return PurePosixPath(path.relative_to(ROOT).as_posix()) if there else None


def rest(package: str, page: str) -> str:
    """For the reference: the public names of a package that its page does not name."""
    init = ROOT / package.replace(".", "/") / "__init__.py"
    for node in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            named = {f"{package}.{name}" for name in ast.literal_eval(node.value)} - {
                f"{package}.__version__"
            }
            return "\n".join(f"::: {name}" for name in sorted(named) if f"::: {name}\n" not in page)
    raise ValueError(f"{init} has no __all__")


def prose(text: str) -> str:
    return CODE.sub("", FENCE.sub("", text))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A page that nobody has given a place is found all the same, at the end."""
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    if placeless := sorted(there - set(nav_pages(config.nav))):
        config.nav = [*(config.nav or ()), {"More": placeless}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        page, pictures = as_markdown(ROOT / source_of(file.src_uri))
        folder = PurePosixPath(file.src_uri).parent
        uri = str(PurePosixPath(file.src_uri).with_suffix(".md"))
        files.append(File.generated(config, uri, content=page))
        for name, content in pictures.items():
            files.append(File.generated(config, str(folder / name), content=content))
    known = {file.src_uri for file in files}
    waiting = [file for file in files if file.is_documentation_page()]
    for uri in nav_pages(config.nav):  # those of the navigation that nobody links to
        if uri.startswith(ELSEWHERE) and uri not in known:
            waiting.append(add(files, config, uri))
            known.add(uri)
    while waiting:
        page_file = waiting.pop()
        source = source_of(page_file.src_uri)
        for found in LINK.finditer(prose(page_file.content_string)):
            target = linked(source, found["target"])
            if target is None or (ROOT / target).is_dir() or uri_of(target) in known:
                continue
            known.add(uri_of(target))
            waiting += [new] if (new := add(files, config, uri_of(target))).is_documentation_page() else []
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The search of a site that is opened from a folder needs a small script, which comes along."""
    here = os.path.relpath("assets/iframe-worker.js", PurePosixPath(page.file.dest_uri).parent)
    return output.replace(WORKER, here)


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    return output.replace(WORKER, "/assets/iframe-worker.js")  # of 404.html, which only a server gives


def add(files: Files, config: MkDocsConfig, uri: str) -> File:
    new = File.generated(config, uri, abs_src_path=str(ROOT / source_of(uri)))
    files.append(new)
    return new


def nav_pages(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    values = nav.values() if isinstance(nav, dict) else nav or ()
    return [page for value in values for page in nav_pages(value)]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    source = source_of(page.file.src_uri)
    markdown = REST.sub(lambda found: rest(found[1], markdown), markdown)

    def named(found: re.Match[str]) -> str:
        """A folder of code is nothing to open in a site: its name, and no link."""
        target = linked(source, found["target"])
        return found["words"] if target is not None and (ROOT / target).is_dir() else found[0]

    def moved(found: re.Match[str]) -> str:
        target = linked(source, found["target"])
        if target is None:
            return found[0]
        if target.suffix == ".ipynb" and target.stem != source.stem:  # whose own page gives the file itself
            target = target.with_suffix(".md")
        there = os.path.relpath(uri_of(target), PurePosixPath(page.file.src_uri).parent)
        return f"{found['before']}{there}{found['anchor'] or ''}{found['after']}"

    def rewritten(text: str) -> str:
        return LINK.sub(moved, FOLDER.sub(named, text))

    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [
            rewritten(markdown[end : fence.start()]),
            re.sub(r" file=\S+", "", fence[0], count=1),
        ]
        end = fence.end()
    parts.append(rewritten(markdown[end:]))
    return inlined("".join(parts), ROOT / "docs" / PurePosixPath(page.file.src_uri).parent)
