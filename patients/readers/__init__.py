"""One file a format in, one file a format out."""

from patients.readers.any_file import read_table
from patients.readers.raw import RawTable
from patients.readers.tidy import write_schedule, write_tidy

__all__ = ["RawTable", "read_table", "write_schedule", "write_tidy"]
