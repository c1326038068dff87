"""Copies records from their sources into the raw lake; never interprets them."""
