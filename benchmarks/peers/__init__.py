"""The peers. A peer does Pullcord's join with another streaming library.

These libraries and Pullcord need different versions of some packages. So this folder is a project with its own
`pyproject.toml` and its own environment. Only `faust_join` runs in Pullcord's environment, because that environment has
Faust. Each program gets a `Job` on its command line.
"""
