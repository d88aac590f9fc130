"""What the roll-up is compared with: the same sums as a plain cascade in SQL, level by level, into temporary tables."""

FIGURES = [
    *("opening", "received_online", "received_in_person", "received_postal"),
    *("resolved_early", "resolved_on_time", "resolved_overdue", "rejected", "pending_in_time", "pending_overdue"),
]
KINDS = (
    ("reporting_servicefigures", "service_id", FIGURES),
    ("reporting_indicatorfigure", "indicator_id", ["numerator", "denominator"]),
)


def cascade(period_id: int, day: str) -> str:
    """One script for one month: communes -> districts -> provinces -> nation, services and indicators, both bases.

    No checks, no counts of units, no constraints, nothing kept: each figure is read once for both bases.
    """
    return "BEGIN;\n" + "".join(_cascade(period_id, day, *kind) for kind in KINDS) + "ROLLBACK;\n"


def _cascade(period_id: int, day: str, figures: str, key: str, columns: list[str]) -> str:
    sums = ", ".join(f"SUM({c}) AS {c}" for c in columns)
    names = ", ".join(columns)

    def own(level: str, unit: str) -> str:
        return f"""
            SELECT {unit} AS unit_id, r.status, f.{key}, {", ".join(f"f.{c}" for c in columns)}
            FROM reporting_report r
            JOIN taskforces_unitversion v ON v.unit_id = r.unit_id AND v.valid_from <= '{day}'
                 AND (v.valid_to IS NULL OR v.valid_to >= '{day}')
            JOIN {figures} f ON f.report_id = r.id
            WHERE r.period_id = {period_id} AND r.level = '{level}' AND r.status IN ('submitted', 'approved')"""

    def above(table: str, level: str) -> str:
        return f"""
            SELECT v.parent_id AS unit_id, t.status, t.{key}, {", ".join(f"t.{c}" for c in columns)}
            FROM {table} t
            JOIN taskforces_unitversion v ON v.unit_id = t.unit_id AND v.valid_from <= '{day}'
                 AND (v.valid_to IS NULL OR v.valid_to >= '{day}')
            JOIN taskforces_administrativeunit u ON u.id = t.unit_id AND u.level = '{level}'"""

    def at(table: str, level: str) -> str:
        return f"""
            SELECT t.* FROM {table} t
            JOIN taskforces_administrativeunit u ON u.id = t.unit_id AND u.level = '{level}'"""

    def step(table: str, *parts: str) -> str:
        rows = " UNION ALL ".join(parts)
        return (
            f"CREATE TEMP TABLE {table} AS SELECT unit_id, status, {key}, {sums} FROM ({rows}) rows "
            f"GROUP BY unit_id, status, {key};\n"
        )

    both = "\n UNION ALL ".join(
        f"SELECT unit_id, '{basis}' AS basis, {key}, {sums} FROM {table} {only} GROUP BY unit_id, {key}"
        for table in ("districts", "provinces", "nation")
        for basis, only in (("provisional", ""), ("official", "WHERE status = 'approved'"))
    )
    return (
        step("communes", own("commune", "v.parent_id"))
        + step("districts", at("communes", "district"), own("district", "r.unit_id"))
        + step("provinces", at("communes", "province"), above("districts", "district"), own("province", "r.unit_id"))
        + step("nation", above("provinces", "province"))
        + f"CREATE TEMP TABLE totals AS SELECT unit_id, basis, {key}, {names} FROM ({both}) rows;\n"
        + "DROP TABLE communes, districts, provinces, nation, totals;\n"
    )
