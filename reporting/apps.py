from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Báo cáo tháng"

    def ready(self):
        from . import register_hooks  # not at the top: it imports models, which exist only now
        from .models.change_count import count_changes

        post_migrate.connect(count_changes, sender=self)
        register_hooks.connect()
