"""Finding a model: by catalogue name, or in a user's Python or YAML file."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path

from dynamics.expressions import ModelError
from dynamics.model import Model
from dynamics.variants import split_name, variant

_NOT_MODELS = {"bilinear", "registry", "yaml_file"}

# Models for the study of control: all their numbers are declared and none is to be estimated, for one burden series
# could not tell several populations and two drugs apart. What is not named here can be fitted to a patient.
_FOR_CONTROL = frozenset(
    {
        "cell_cycle",
        "concentration",
        "populations",
        "sensitive_partial_resistant",
        "traits",
        "tumor_immune",
        "tumor_immune_logistic",
    }
)


def catalogue_names() -> tuple[str, ...]:
    """Names of the models that come with the project for fits, read from the folder."""
    return tuple(name for name in _modules() if name not in _FOR_CONTROL)


def control_names() -> tuple[str, ...]:
    """Names of the models that come with the project for the study of control; none has parameters to be fitted."""
    return tuple(name for name in _modules() if name in _FOR_CONTROL)


def _modules() -> tuple[str, ...]:
    """Names of all models in the folder."""
    folder = str(Path(__file__).parent)
    return tuple(sorted(m.name for m in pkgutil.iter_modules([folder]) if m.name not in _NOT_MODELS))


def get_model(name: str) -> Model:
    """Return a model by catalogue name, or from a ``.py`` file (its ``MODEL``) or a ``.yaml`` file.

    Suffixes name a variant (:mod:`dynamics.variants`): ``"competition+f_R"``, ``"mine.yaml+f_R+b0"``.

    Raises
    ------
    ModelError
        Unknown name or suffix, missing file, a file without a model, or a variant that the model does not
        have.
    """
    base, suffixes = base_and_suffixes(name)
    if suffixes:
        return variant(get_model(base), suffixes)
    if name in _modules():
        return importlib.import_module(f"dynamics.catalogue.{name}").MODEL
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        from dynamics.catalogue.yaml_file import read_model

        return read_model(path)
    if path.suffix == ".py" and path.is_file():
        return _from_python(path)
    if path.suffix in (".py", ".yaml", ".yml"):
        raise ModelError(f"model file {name} does not exist")
    raise ModelError(
        f"no model {name!r}; the catalogue has {', '.join(catalogue_names())}; for the study of control "
        f"{', '.join(control_names())}; or give a .py or .yaml file"
    )


def base_and_suffixes(name: str) -> tuple[str, tuple[str, ...]]:
    """Split ``"mine.yaml+f_R"`` into model and suffixes; folders and files may have plus signs in their names."""
    path = Path(name)
    if "+" not in path.name or path.is_file():
        return name, ()
    base, suffixes = split_name(path.name)
    return (str(path.with_name(base)) if base else "", suffixes)


def _from_python(path: Path) -> Model:
    """Run a user's Python file and return its ``MODEL``."""
    spec = importlib.util.spec_from_file_location(f"user_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses in the file look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    model = getattr(module, "MODEL", None)
    if not isinstance(model, Model):
        raise ModelError(f"{path} defines no `MODEL`; write `MODEL = Model.define(...)`")
    return model
