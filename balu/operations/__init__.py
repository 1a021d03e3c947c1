"""Running the box: administration, telemetry, audit, updates."""
