"""Files that are either the old one or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

TEMPORARY = ".writing"


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in the same folder, flush it to the disk, rename it into place.

    A process that is killed meanwhile leaves at most a file that ends in ``.writing``, which
    :func:`sweep` removes.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, content: str) -> None:
    """Write text as UTF-8 with the line ends it has, atomically."""
    # identifiers may hold lone surrogates (a file in an odd encoding); they must not cost the whole run
    write_bytes(path, content.encode("utf-8", "surrogatepass"))


def sweep(folder: Path) -> int:
    """Remove what killed writers left in ``folder``; return how many files that were."""
    leftovers = list(folder.glob(f".*{TEMPORARY}"))
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def _umask() -> int:
    """Read the process's mask; temporary files are private, the results should be as open as any other file."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
