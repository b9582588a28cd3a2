"""Values of upgrades: plans, replays, scenarios, goals."""
