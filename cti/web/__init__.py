"""The frame of every page: who is asking, templates, texts in two languages, live boards."""
