"""Pictures of a posterior: functions that draw on a given Axes or Figure and return it."""
