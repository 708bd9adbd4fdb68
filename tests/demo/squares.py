# SPDX-License-Identifier: GPL-2.0-or-later
"""A small Django application in one file. Each request leaves cyclic garbage."""
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.template import Context, Engine
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a demonstration",
)
django.setup()

PAGE = Engine().from_string("{% for row in rows %}{{ row.number }}: {{ row.square }}\n{% endfor %}")


class Row:
    def __init__(self, number):
        self.number, self.square = number, number * number
        self.me = self  # a cycle: only the collector can free it


def rows(request, count):
    made = [Row(i) for i in range(count)]
    text = PAGE.render(Context({"rows": made[:50]}))
    return JsonResponse({"rows": count, "length": len(text), "sum": sum(r.square for r in made)})


urlpatterns = [path("rows/<int:count>", rows)]
application = get_wsgi_application()
