"""What every floor above uses: errors, messages, settings, the registry document.

Imports nothing of this project but its own modules. No network, no DuckDB, no pandas at import.
"""
