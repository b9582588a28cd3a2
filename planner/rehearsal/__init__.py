"""The rehearsal: which real migrations, between which hosts, would prove an answer."""
