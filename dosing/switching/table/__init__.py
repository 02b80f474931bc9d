"""From a table of cell lines and drugs to the matrices of the switching problem."""

from dosing.switching.table.columns import COLUMNS
from dosing.switching.table.reading import SwitchingTableError, read_switching_table
from dosing.switching.table.switching_table import RULE, SwitchingTable

__all__ = ["COLUMNS", "RULE", "SwitchingTable", "SwitchingTableError", "read_switching_table"]
