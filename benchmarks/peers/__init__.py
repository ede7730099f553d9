"""The peers: programs with other streaming libraries that do the same join.

These libraries and Pullcord need different versions of some packages. So this folder is a project with its own
`pyproject.toml` and its own environment. Only `faust_join` runs in Pullcord's environment, because that environment has
Faust. Each program gets a `Job` on its command line.
"""
