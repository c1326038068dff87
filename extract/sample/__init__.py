"""The built-in source: metadata records that are generated, the same ones every time.

Imports nothing of this project but its own modules. Nothing outside names its modules, but for
`generator`.
"""
