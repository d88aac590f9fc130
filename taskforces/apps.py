from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TaskforcesConfig(AppConfig):
    name = "taskforces"
    verbose_name = "Đơn vị, con người"

    def ready(self):
        from .models.append_only import guard_logs  # not at the top: it imports models, which exist only now

        post_migrate.connect(guard_logs, dispatch_uid="guard_logs")  # of every app
