"""What Pullcord's streaming is measured beside, written as their users would write it.

`pyproject.toml` here is a project of its own: what these libraries ask for does not go with what Pullcord asks for. The
modules are run in its environment (`faust_join` in Pullcord's own, which has Faust), a process each, as `Job` says.
"""
