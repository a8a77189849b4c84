"""The office's desk: the JSON read API, health and metrics."""
