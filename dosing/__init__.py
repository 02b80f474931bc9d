"""dosing."""
