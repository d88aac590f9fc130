"""Doors for Celery: load, call one function, safe to run twice. The timetable is in settings."""

from celery import shared_task


@shared_task
def check_import(import_id: str) -> None:
    """Reads an uploaded roster and judges every row."""
    from .imports import import_jobs

    import_jobs.check(import_id)


@shared_task
def write_import(import_id: str) -> None:
    """Writes a confirmed roster in one transaction."""
    from .imports import import_jobs

    import_jobs.write(import_id)


@shared_task
def send_password_links(import_id: str, address: str) -> int:
    """Sends each new account of an import with a work e-mail its one-time link; returns how many were sent."""
    from .imports import import_jobs
    from .models import ImportJob
    from .people import passwords

    job = ImportJob.objects.get(pk=import_id)
    return passwords.send_links(import_jobs.new_accounts(job), address)


@shared_task
def remove_old_imports() -> int:
    """Every night: uploaded rosters and result files past the days they are kept."""
    from .imports import import_jobs

    return import_jobs.remove_old_files()


@shared_task
def erase_contacts() -> dict[str, int]:
    """Every night: work contacts of people who left long enough ago."""
    from .people import personal_data

    return dict(personal_data.erase_contacts())
