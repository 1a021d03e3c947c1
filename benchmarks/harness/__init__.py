"""What every claim shares: servers to start, a cheap client, the kernel's accounts, rounds and a report."""
