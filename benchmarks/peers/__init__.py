"""The peers: programs that do the same join with other streaming libraries.

These libraries need other versions of some packages than Pullcord. So this folder is a project with its own
`pyproject.toml` and its own environment. Only `faust_join` runs in Pullcord's environment, which has Faust. Each
program gets a `Job` on its command line.
"""
