"""The peers: programs with other streaming libraries, written as users of those libraries would write them.

`pyproject.toml` in this folder is a project of its own, because these libraries need other versions of some packages
than Pullcord does. The modules run in the environment of that project. Only `faust_join` runs in Pullcord's
environment, which has Faust. Each process gets a `Job` on its command line.
"""
