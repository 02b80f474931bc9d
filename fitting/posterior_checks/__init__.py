"""What a posterior may be used for: convergence, fit to the data, comparison of models, weight of the prior."""
