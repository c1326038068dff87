"""The catalogue: pages, files for other tools, and how each table was made.

`_publish` imports a function of each module. The page is made of registry, history and statistics;
only `profiles` and `quality` read tables, and only their objects. Nothing here writes to the root.
"""
