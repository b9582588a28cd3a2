"""Plans, replays, unlocks and what-ifs as reports and documents."""
