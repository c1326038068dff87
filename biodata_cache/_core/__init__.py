"""What every floor above uses: errors, messages, settings, layout of paths, the registry document.

Anything may be imported from it; it imports nothing of this project. No network, no DuckDB and no
pandas enter, so that importing it costs nothing.
"""
