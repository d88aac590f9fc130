"""A province's roster brought in: 560 task forces with 6,000 members, as the worker does it; then the same file again.

python -m tests.bench.imports      (its own empty database, SQLite or DATABASE_URL; removed at the end)
"""

import datetime as dt
import os
import resource
import time

COMMUNES, MEMBERS = 560, 6000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        _run()
    finally:
        teardown_databases(databases, verbosity=0)


def _run() -> None:
    from django.db import connection

    from taskforces import tasks
    from taskforces.models import AdministrativeUnit, ImportJob, Level, Role, UnitVersion
    from tests.conftest import FIRST_NEW, make_person, make_unit
    from tests.import_sheets import xlsx

    for task in (tasks.check_import, tasks.write_import):
        task.delay_on_commit = lambda *args: None
    nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    province = make_unit("75", "Tỉnh Đồng Nai", "tinh", Level.PROVINCE, nation, opened=FIRST_NEW)
    staff = make_person("ha", "Đỗ Thu Hà", province, Role.PROVINCIAL_STAFF)
    for i in range(COMMUNES):
        make_unit(f"{30000 + i}", f"Xã Số {i}", "xa", Level.COMMUNE, province, opened=FIRST_NEW)
    assert AdministrativeUnit.objects.count() == COMMUNES + 2 == UnitVersion.objects.count()
    day = dt.date(2026, 1, 15)
    forces = [
        [f"{30000 + i}", "Tổ công tác", day, f"Tổ công tác xã số {i}", "57/QĐ-UBND", day] for i in range(COMMUNES)
    ]
    people = [
        [
            f"{30000 + i % COMMUNES}",
            "Tổ công tác",
            f"Nguyễn Văn {i}",
            "Tổ trưởng" if i < COMMUNES else "Thành viên",
            "Công chức",
            f"0271 {i}",
            day,
            f"DVC{i % 25 + 1:02d}",
        ]
        for i in range(MEMBERS)
    ]
    from reporting.catalogue import load_catalogue

    load_catalogue()
    force_headers = ["Mã đơn vị", "Loại tổ", "Thành lập ngày", "Tên tổ", "Số quyết định", "Ngày quyết định"]
    member_headers = ["Mã đơn vị", "Loại tổ", "Họ và tên", "Vai trò", "Chức vụ", "Điện thoại cơ quan", "Từ ngày"]
    sheets = [
        (ImportJob.Kind.TASK_FORCES, lambda: xlsx(force_headers, *forces)),
        (ImportJob.Kind.MEMBERS, lambda: xlsx([*member_headers, "Dịch vụ công phụ trách"], *people)),
    ]
    print(f"{connection.vendor}: {COMMUNES} task forces, {MEMBERS} members")
    for turn in ("first", "again"):
        for kind, sheet in sheets:
            check, write, job = _bring_in(staff, kind, sheet())
            counts = f"new {job.created}, unchanged {job.unchanged}"
            print(f"{turn:6} {kind:12} check {check:5.1f} s, write {write:5.1f} s, {counts}")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _bring_in(by, kind, upload):
    from taskforces.imports import import_jobs

    job = import_jobs.create(by=by, kind=kind, upload=upload)
    begin = time.perf_counter()
    import_jobs.check(job.pk)
    checked = time.perf_counter()
    job.refresh_from_db()
    assert job.state == job.State.READY, job.preview
    import_jobs.confirm(job_id=job.pk, by=by)
    import_jobs.write(job.pk)
    done = time.perf_counter()
    job.refresh_from_db()
    assert job.state == job.State.DONE, job.message
    return checked - begin, done - checked, job


if __name__ == "__main__":
    main()
