"""What a tumour does under a dose; knows nothing of patients."""

from dynamics.catalogue import catalogue_names, control_names, get_model
from dynamics.model import Constant, Input, Model, ModelError, Output, Parameter, State
from dynamics.prior import Prior
from dynamics.schedule import DoseSchedule

__all__ = [
    "Constant",
    "DoseSchedule",
    "Input",
    "Model",
    "ModelError",
    "Output",
    "Parameter",
    "Prior",
    "State",
    "catalogue_names",
    "control_names",
    "get_model",
]
