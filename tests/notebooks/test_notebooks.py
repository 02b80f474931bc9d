import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_of_a_notebook_runs(path, capsys):
    import matplotlib as mpl

    mpl.use("Agg")
    cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    namespace: dict = {}
    for number, cell in enumerate(cells, start=1):
        # outside of Jupyter there is nothing to display on
        text = "".join(cell["source"]).replace(
            "from IPython.display import Math, display", "Math = display = print"
        )
        exec(compile(text, f"{path.name}, cell {number}", "exec"), namespace)
    assert capsys.readouterr().out.strip()
