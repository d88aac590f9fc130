"""Which of a person's postings the pages speak to."""

from .scope import postings


class PostingMiddleware:
    """Sets `request.posting`: the chosen current posting, else the first, else None. It chooses pages, not rights."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.posting = None
        if request.user.is_authenticated:
            held = postings(request.user)
            chosen = request.session.get("posting")
            request.posting = next((p for p in held if p.pk == chosen), held[0] if held else None)
        return self.get_response(request)
