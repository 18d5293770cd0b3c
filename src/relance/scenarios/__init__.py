"""When and why: definitions, triggers, steps and journeys yield candidates."""
