"""Words without a subject: what every room rests on."""
