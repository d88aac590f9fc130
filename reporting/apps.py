from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Báo cáo tháng"

    def ready(self):
        from . import register_hooks  # not at the top: it imports models, which exist only now

        register_hooks.connect()
