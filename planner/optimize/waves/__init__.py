"""Hosts into waves under limits, in whole numbers, with a proven bound."""
