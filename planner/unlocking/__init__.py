"""Which hosts to upgrade, to what, so that a wanted machine type opens."""
