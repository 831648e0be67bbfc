"""The web application: each page as HTML and as JSON, labels by POST, nothing else."""

import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from docgen.errors import UserError
from docgen.explorer.index.schema import is_of_machine
from docgen.explorer.pages.page_query import PageNotFound, PageQuery
from docgen.explorer.view import View
from docgen.explorer.viewable import Page, Viewable
from docgen.explorer.web.links import LiveLinks
from docgen.explorer.web.renderer import ASSETS, as_json, html_page, render
from docgen.explorer.web.request_guard import Guard
from docgen.explorer.web.write_requests import write_routes

__all__ = ["make_app"]

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(views: Mapping[str, Viewable], hosts: frozenset[str], token: str | None = None) -> Starlette:
    """The application over corpora and experiments by name. `hosts` are the values of the Host header that it answers.

    Every write must carry `token`; by default a random one, which is in the pages.
    """
    shown, token = dict(views), token or secrets.token_urlsafe(24)

    async def home(_: Request) -> Response:
        if len(shown) == 1:
            return RedirectResponse(LiveLinks(next(iter(shown))).page())
        heads = await run_in_threadpool(lambda: [view.head() for view in shown.values()])
        urls = [LiveLinks(name).page() for name in shown]
        return HTMLResponse(render("home.html", corpora=heads, urls=urls, token=token))

    async def at_random(request: Request) -> Response:
        view = shown.get(request.path_params["corpus"])
        address = view.at_random() if view else ""
        if view is None or not address:
            return _missing("no document to be drawn")
        return RedirectResponse(LiveLinks(view.name).page(address), status_code=303)

    routes = [Route("/", home), Mount("/static", StaticFiles(directory=ASSETS / "static"))]
    routes += write_routes(_corpora(shown), token)
    routes.append(Route("/{corpus}/random", at_random))
    for path in dict.fromkeys(page.path for view in shown.values() for page in view.pages):
        base = "/{corpus}/" + path
        twin = base + ("index.json" if not path else ".json")
        routes += [
            Route(twin, _endpoint(shown, path, token, as_data=True)),
            Route(base, _endpoint(shown, path, token, as_data=False)),
        ]
    app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})
    app.add_middleware(Guard, hosts=hosts, token=token)
    return app


def _corpora(views: Mapping[str, Viewable]) -> dict[str, View]:
    return {name: view for name, view in views.items() if isinstance(view, View)}


def _endpoint(views: Mapping[str, Viewable], at: str, token: str, as_data: bool) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        name = request.path_params["corpus"]
        if name not in views:
            return _missing(f"no corpus {name!r}")
        page = next((page for page in views[name].pages if page.path == at), None)
        if page is None:
            return _missing(f"no such page of {name!r}")
        path = {key: value for key, value in request.path_params.items() if key != "corpus"}
        query = PageQuery(path, list(request.query_params.multi_items()), _corpora(views))
        return await run_in_threadpool(_answer, views[name], page, query, token, as_data)

    return endpoint


def _answer(view: Viewable, page: Page, query: PageQuery, token: str, as_data: bool) -> Response:
    try:
        data = page.data(view, query)
        if as_data:
            return Response(as_json(data), media_type="application/json")
        html = html_page(view, page, data, LiveLinks(view.name), view.head(), token=token)
        view.warm()  # once there is something to read
        return HTMLResponse(html)
    except PageNotFound as error:
        return _missing(str(error))
    except UserError as error:  # a file that is damaged, or gone since
        return HTMLResponse(render("problem.html", what=str(error), title="Cannot be shown"), status_code=503)
    except sqlite3.DatabaseError as error:
        if is_of_machine(error) or not isinstance(view, View):
            return HTMLResponse(render("problem.html", what=str(error), title="Try again"), status_code=503)
        view.rebuild()
        what = f"The index was damaged ({error}). It is being rebuilt from the corpus; labels are not touched."
        return HTMLResponse(render("problem.html", what=what, title="One moment"), status_code=503)


async def _not_found(_: Request, __: Exception) -> Response:
    return HTMLResponse(render("problem.html", what="This page does not exist.", title="Not here"), status_code=404)


def _missing(what: str) -> Response:
    return HTMLResponse(render("problem.html", what=f"There is {what}.", title="Not here"), status_code=404)
