"""Storage: the files and everything that happens to them."""
