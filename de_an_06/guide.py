"""The user guide, as it stands in docs/, for people who have the portal and not its source."""

from functools import cache

import markdown
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET
from markdown.extensions.toc import TocExtension, slugify_unicode

GUIDE = settings.BASE_DIR / "docs" / "huong-dan-su-dung.md"


@cache
def _guide() -> str:
    """The guide as HTML: headings with anchors, tables, pictures from the static files."""
    text = GUIDE.read_text(encoding="utf-8")
    html = markdown.markdown(text, extensions=["tables", TocExtension(slugify=slugify_unicode), "sane_lists"])
    html = html.replace('src="pictures/', 'loading="lazy" src="' + static("huong-dan/"))
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table class="table">')
    html = html.replace("</table>", "</table></div>")
    return html.replace(' style="text-align: left;"', "").replace(' style="text-align: right;"', "")


@login_not_required
@require_GET
def guide(request):
    """Open to all: it says nothing that is not public."""
    return render(request, "taskforces/guide.html", {"guide": mark_safe(_guide())})  # noqa: S308 – our own file
