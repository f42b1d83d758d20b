"""Plugins of amplicast that need libtorch: networks as TorchScript, and generators that train on a GPU.

There is nothing to call here: ``amplicast`` finds them.
"""
