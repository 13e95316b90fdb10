"""Formats that synthetic samples are written in: one file each, registered in the group ``ganaug.writers``."""

from ganaug.synthesis.writers.base import FilePerShard as FilePerShard, Writer as Writer, writer_for as writer_for
