"""Small tumours simulated forwards under a therapy."""
