"""Readers of what other programs print of a cluster: to hosts and guests, nothing judged."""
