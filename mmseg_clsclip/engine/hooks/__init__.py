"""Hooks of a run."""

from .evaluation_guard_hook import HonestScoresHook

__all__ = ['HonestScoresHook']
