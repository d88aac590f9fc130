"""Static files in production: compressed, and named after their content so that browsers may keep them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

MODULES = "js/entry/*.js"
IMPORT = r"""(?P<matched>(?P<word>from|import)\s*"(?P<url>\./[^"]+)")"""


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Our own modules import each other by the names with the hash.

    Django's `support_js_module_import_aggregation` does the same for every package's JavaScript, and stops at the
    files of django-htmx, which import what a bundler has to put there.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, (MODULES, ((IMPORT, '%(word)s "%(url)s"'),)))
