"""What management planes print of their hosts: read as it is, put together host by host."""
