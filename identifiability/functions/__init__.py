"""Profile likelihoods of whatever follows from the parameters."""
