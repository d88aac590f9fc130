"""The user guide inside the portal: open to all, with its pictures, and nothing that the security policy forbids."""

import re
from urllib.parse import unquote

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse


@pytest.mark.django_db
def test_the_guide_is_read_without_logging_in_and_shows_its_pictures(client):
    page = client.get(reverse("guide"))
    html = page.content.decode()
    assert page.status_code == 200
    assert "<h1" in html
    assert " style=" not in html
    pictures = re.findall(r'src="/static/(huong-dan/[^"]+)"', html)
    assert len(pictures) == 24
    assert [name for name in pictures if finders.find(name) is None] == []
    links = {unquote(link) for link in re.findall(r'href="#([^"]+)"', html)}
    assert links - set(re.findall(r'id="([^"]+)"', html)) == set()
    assert html.count("<table") == html.count('<div class="scroll" tabindex="0"><table class="table">') == 7
