"""Searches over whole numbers: waves, hitting sets, budgets, upgrade choices; knows no kernel."""
