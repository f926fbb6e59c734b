"""What a regulator reads of complaints: codes, quarterly figures, how long records are kept."""
