from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TaskforcesConfig(AppConfig):
    name = "taskforces"
    verbose_name = "Đơn vị, con người"

    def ready(self):
        from .models.append_only import guard_logs  # not at the top: it imports models, which exist only now

        post_migrate.connect(guard_logs, dispatch_uid="guard_logs")  # of every app
        name_second_factors()


def name_second_factors() -> None:
    """allauth leaves the names of this model, which the administration shows, in English."""
    from allauth.mfa.models import Authenticator

    Authenticator._meta.verbose_name = Authenticator._meta.verbose_name_plural = "bảo mật hai lớp của tài khoản"
    for field, name in {
        "user": "tài khoản",
        "type": "loại",
        "created_at": "thêm lúc",
        "last_used_at": "dùng lần cuối",
    }.items():
        Authenticator._meta.get_field(field).verbose_name = name
