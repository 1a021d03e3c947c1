"""Who: accounts, sign-in, devices."""
