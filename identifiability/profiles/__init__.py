"""Profile likelihoods of parameters, several valleys deep."""
