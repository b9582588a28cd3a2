"""Upgrade plans: waves, when flags flip, and until when one can return."""
