"""What is remembered from one run to the next, so that a night costs what has changed."""
