"""From a model to compiled kernels, kept on disk so that the next process starts at once."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import numba

from dynamics.kernels.printing import field_source
from dynamics.model import Model


def cache_folder() -> Path:
    """Folder of generated kernels: ``EVODOSE_CACHE``, else the user's cache, else a temporary folder."""
    named = os.environ.get("EVODOSE_CACHE")
    base = (
        Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "evodose"
    )
    folder = base / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="evodose-kernels-"))


@functools.lru_cache(maxsize=64)
def compiled(model: Model, template: str) -> ModuleType:
    """Return the template ``dynamics/kernels/<template>.py`` with the model's equations in it, jitted."""
    return generated(Path(__file__).parent / f"{template}.py", "model", field_source(model))


def generated(template: Path, section: str, source: str) -> ModuleType:
    """Write a template with one section replaced, and import the result.

    The file's name is a hash of everything that goes into it, so two processes, or two versions of a model,
    never share a stale kernel. A section that imports from another generated module names that module's hash,
    so a change anywhere in a chain of templates changes all names behind it.

    Parameters
    ----------
    template : Path
    section : str
        The lines from ``# <section>`` to ``# </section>`` are replaced.
    source : str
        Python text.
    """
    body = template.read_text(encoding="utf-8")
    text, count = re.subn(
        rf"# <{section}>.*?# </{section}>", lambda _: source, body, count=1, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"kernel template {template.stem} has no <{section}> section")
    # the printed functions start with their own docstring and imports, which are harmless in the middle
    digest = hashlib.sha256(f"{text}{numba.__version__}{sys.version}".encode()).hexdigest()[:20]
    path = cache_folder() / f"{template.stem}_{digest}.py"
    if not path.exists():
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8"
        ) as part:
            part.write(text)
        Path(part.name).replace(path)
    name = f"evodose_kernel_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"kernel {path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
