"""JSON as the API takes it."""

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from de_an_06.plain.outside import read_json


class StorableJSONParser(JSONParser):
    """JSON alone, and of it only what can be stored; anything else is 400 with a sentence."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return read_json(stream.read())
        except ValueError as error:
            raise ParseError("Dữ liệu gửi lên không đọc được.") from error
