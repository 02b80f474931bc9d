"""Which dose keeps this tumour in hand."""

from dosing.regimen import Regimen, WindowRange

__all__ = ["Regimen", "WindowRange"]
