"""Run the notebooks and write what they give into them.

python docs/tools/execute.py      all of docs/notebooks, in place
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def executed(path: Path, folder: Path) -> Any:
    """The notebook with the output of a run in `folder`, and nothing of how or when it was run.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=180, resources=resources, record_timing=False).execute()
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = told(cell.outputs)
    return notebook


def told(outputs: list[Any]) -> list[Any]:
    """What a cell prints as one piece, without what libraries mutter beside it."""
    kept: list[Any] = []
    for output in outputs:
        if output.get("name") == "stderr" or output.get("text", "").startswith("INFO:tensorflow:"):
            continue
        if kept and output.output_type == kept[-1].output_type == "stream":
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


if __name__ == "__main__":
    import tempfile

    for each in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as place:
            nbformat.write(executed(each, Path(place)), each)
            print(each.name)
