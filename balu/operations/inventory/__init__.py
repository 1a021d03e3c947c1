"""The devices of the home network: what they are, where they stand, how they are watched."""
