"""What callers hear: texts, spoken forms, synthesis, and the store of sound files."""
