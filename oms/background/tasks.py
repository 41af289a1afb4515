"""Woken work on jobs."""

from celery import shared_task

from oms.background import jobs


@shared_task
def run_job(key: int) -> None:
    """Do a job that somebody asked for."""
    jobs.work(key)
