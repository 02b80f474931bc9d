"""Small populations and imperfect monitoring: Fischer 2015."""
