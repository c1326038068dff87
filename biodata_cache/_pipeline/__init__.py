"""The stages in their order: extract, build, publish; their outcome and the report of each run.

`_cli` and `sync` import `stages`, `outcome`, `run_report` and `past_runs`; `_session` imports
`memory` for the backend MEMORY, and nothing else of reading imports this. Only this package and
`doctor` import `extract`. No option of the command line and no output enter.
"""
