"""Diagnosis: what a log holds, and what is wrong with it."""

from .problems import Problem, ProblemKind
from .report import LogReport, check_log

__all__ = ["LogReport", "Problem", "ProblemKind", "check_log"]
