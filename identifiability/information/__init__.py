"""Fisher information, in numbers and in words."""
