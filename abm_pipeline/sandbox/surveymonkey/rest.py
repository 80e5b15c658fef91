"""Paths of the SurveyMonkey sandbox: surveys, their details, responses in bulk; limits by minute and by day."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from abm_pipeline.sandbox.surveymonkey.records import (
    BY_ACCOUNT,
    BY_COLLECTOR,
    BY_VARIABLE,
    SURVEYS,
    TEXTS,
    ident,
    records,
)
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY

TOKEN = "sandbox-surveymonkey-token"
API = "https://api.surveymonkey.com/v3"
MOST = {"surveys": 1000, "bulk": 100}


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, name: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, refusal(status, code, name, message)


def refusal(status: int, code: str, name: str, message: str) -> dict[str, Any]:
    """An error in SurveyMonkey's words."""
    docs = "https://developer.surveymonkey.com/api/v3/#error-codes"
    return {"error": {"id": code, "name": name, "docs": docs, "message": message, "http_status_code": status}}


def too_many() -> dict[str, Any]:
    """The refusal of one request too many."""
    return refusal(429, "1040", "Rate limit reached", "Too many requests were made, try again later.")


@dataclass
class SurveyMonkeyApi(BaseApi):
    """Handlers. `per_minute` and `per_day` are the limits of the app."""

    world: World
    per_minute: int = 120
    per_day: int = 500
    minute: deque[float] = field(default_factory=deque)
    today: int = 0

    def routes(self) -> list[Route]:
        """All SurveyMonkey paths, to be mounted under /surveymonkey."""
        return [
            Route("/v3/users/me", self.guarded(self.me)),
            Route("/v3/surveys", self.guarded(self.surveys)),
            Route("/v3/surveys/{id}/details", self.guarded(self.details)),
            Route("/v3/surveys/{id}/responses/bulk", self.guarded(self.bulk)),
        ]

    def guarded(self, handler: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Any]:
        """Token and limits; every answer tells what is left of them."""

        async def answer(request: Request) -> Response:
            now = time.monotonic()
            while self.minute and self.minute[0] < now - 60:
                self.minute.popleft()
            status, body = 200, {}
            try:
                if request.headers.get("authorization") != f"Bearer {TOKEN}":
                    raise RefusedError(401, "1011", "Authorization Error", "The authorization token was invalid")
                if len(self.minute) >= self.per_minute or self.today >= self.per_day:
                    status, body = 429, too_many()
                else:
                    self.minute.append(now)
                    self.today += 1
                    body = handler(request)
            except RefusedError as error:
                status, body = error.status, error.body
            return Response(orjson.dumps(body), status, self._left(), "application/json")

        return answer

    def _left(self) -> dict[str, str]:
        prefix = "X-Ratelimit-App-Global"
        out: dict[str, str] = {}
        for name, limit, used, reset in (
            ("Minute", self.per_minute, len(self.minute), 37),
            ("Day", self.per_day, self.today, 41_000),
        ):
            left = {"Limit": limit, "Remaining": max(0, limit - used), "Reset": reset}
            out |= {f"{prefix}-{name}-{word}": str(value) for word, value in left.items()}
        return out

    def me(self, request: Request) -> dict[str, Any]:
        """`GET /users/me`."""
        return {"id": "7310", "username": "northwind", "account_type": "enterprise_platinum", "language": "en"}

    def surveys(self, request: Request) -> dict[str, Any]:
        """`GET /surveys`: names only, more if included."""
        wanted = request.query_params.get("include", "").split(",")
        rows = []
        for number, survey in enumerate(SURVEYS):
            row = {"id": survey.ident, "title": survey.title, "nickname": "", "href": f"{API}/surveys/{survey.ident}"}
            more = {"date_modified": self._modified(number), "response_count": self._count(number)}
            rows.append(row | {name: value for name, value in more.items() if name in wanted})
        return _paged(request, rows, f"{API}/surveys", MOST["surveys"])

    def _modified(self, number: int) -> str:
        """Surveys were last changed before the timeline, one of them in its middle."""
        day = self.world.calendar.start + (100 if number == 1 else -30)
        before = day <= self.world.day
        return _when((day if before else self.world.calendar.start - 30) * DAY + 36_000)

    def _count(self, number: int) -> int:
        table = records(self.world)
        rows = table.visible(self.world.instant)
        return int((table.columns["survey"][rows] == number).sum())

    def details(self, request: Request) -> dict[str, Any]:
        """`GET /surveys/{id}/details`: pages, questions, choices with their weights."""
        number = self._known(request)
        survey = SURVEYS[number]
        base = int(survey.ident) % 1000 * 1000
        questions = [_text_question(str(base + 90))]
        if survey.choices:
            questions.insert(0, _rating_question(number))
        page = {
            "id": str(base + 1),
            "href": f"{API}/surveys/{survey.ident}/pages/{base + 1}",
            "title": "",
            "description": "",
            "position": 1,
            "question_count": len(questions),
            "questions": questions,
        }
        return {
            "id": survey.ident,
            "title": survey.title,
            "nickname": "",
            "href": f"{API}/surveys/{survey.ident}",
            "language": "en",
            "folder_id": "0",
            "category": "customer_feedback",
            "question_count": len(questions),
            "page_count": 1,
            "response_count": self._count(number),
            "date_created": _when((self.world.calendar.start - 400) * DAY),
            "date_modified": self._modified(number),
            "buttons_text": {"next_button": "Next", "prev_button": "Prev", "done_button": "Done", "exit_button": ""},
            "is_owner": True,
            "footer": True,
            "theme_id": "1506280",
            "custom_variables": {"email": "email", "account_id": "account_id"},
            "quiz_options": {"is_quiz_mode": False, "show_results_type": "disabled", "feedback": None},
            "analyze_url": f"https://www.surveymonkey.com/analyze/{survey.ident}",
            "edit_url": f"https://www.surveymonkey.com/create/?sm={survey.ident}",
            "collect_url": f"https://www.surveymonkey.com/collect/list?sm={survey.ident}",
            "summary_url": f"https://www.surveymonkey.com/summary/{survey.ident}",
            "preview": f"https://www.surveymonkey.com/r/Preview/?sm={survey.ident}",
            "pages": [page],
        }

    def bulk(self, request: Request) -> dict[str, Any]:
        """`GET /surveys/{id}/responses/bulk`: newest first unless sorted; `start_modified_at` belongs to it."""
        number, asked = self._known(request), request.query_params
        table = records(self.world)
        rows = table.visible(self.world.instant)
        rows = rows[table.columns["survey"][rows] == number]
        stamps = table.valid_from
        if start := asked.get("start_modified_at"):
            rows = rows[stamps[rows] >= _instant(start)]
        if end := asked.get("end_modified_at"):
            rows = rows[stamps[rows] <= _instant(end)]
        by = stamps if asked.get("sort_by") == "date_modified" else table.columns["CreatedDate"]
        sign = 1 if asked.get("sort_order") == "ASC" else -1
        rows = rows[np.lexsort((table.record[rows], sign * by[rows]))]
        path = f"{API}/surveys/{SURVEYS[number].ident}/responses/bulk"
        return _paged(request, rows, path, MOST["bulk"], self._response)

    def _known(self, request: Request) -> int:
        for number, survey in enumerate(SURVEYS):
            if survey.ident == request.path_params["id"]:
                return number
        raise RefusedError(404, "1020", "Resource Not Found", "There was an error retrieving the requested resource.")

    def _response(self, row: int) -> dict[str, Any]:
        table, people = records(self.world), self.world.people.contacts
        c = {name: values[row] for name, values in table.columns.items()}
        survey, person, name = SURVEYS[int(c["survey"])], int(c["_person"]), ident(int(table.record[row]))
        base = int(survey.ident) % 1000 * 1000
        questions = []
        if survey.choices and not c["is_skipped"] and c["status"] != "disqualified":
            choice = {"choice_id": str(base + 10 + int(c["choice"])), "row_id": str(base + 9)}
            questions.append({"id": str(base + 8), "answers": [choice]})
        if c["text"]:
            text = TEXTS[int(table.record[row]) % len(TEXTS)]
            questions.append({"id": str(base + 90), "answers": [{"tag_data": [], "text": text}]})
        metadata: dict[str, Any] = {}
        variables: dict[str, str] = {}
        if c["how"] == BY_COLLECTOR:
            told = {"first_name": people.first[person], "last_name": people.last[person], "email": people.email[person]}
            metadata = {"contact": {key: {"type": "string", "value": value} for key, value in told.items()}}
        elif c["how"] == BY_VARIABLE:
            variables = {"email": people.email[person]}
        elif c["how"] == BY_ACCOUNT:
            variables = {"account_id": c["account"]}
        collector = str(460_000_000 + int(c["how"]))
        link = f"https://www.surveymonkey.com/r/?sm={name}"
        return {
            "id": name,
            "recipient_id": str(3_000_000 + person) if c["how"] == BY_COLLECTOR else "",
            "collection_mode": "default",
            "response_status": c["status"],
            "custom_value": "",
            "first_name": "",
            "last_name": "",
            "email_address": "",
            "ip_address": c["ip"],
            "logic_path": {},
            "metadata": metadata,
            "page_path": [],
            "collector_id": collector,
            "survey_id": survey.ident,
            "custom_variables": variables,
            "edit_url": link,
            "analyze_url": f"https://www.surveymonkey.com/analyze/browse/{survey.ident}?respondent_id={name}",
            "total_time": int(c["seconds"]),
            "date_modified": _when(int(table.valid_from[row])),
            "date_created": _when(int(c["CreatedDate"])),
            "href": f"{API}/surveys/{survey.ident}/responses/{name}",
            "pages": [{"id": str(base + 1), "questions": questions}],
        }


def _rating_question(number: int) -> dict[str, Any]:
    """A rating of one row; the ends of the scale are named in words too."""
    survey = SURVEYS[number]
    base = int(survey.ident) % 1000 * 1000
    choices = [
        {
            "position": place + 1,
            "visible": True,
            "text": str(survey.low + place),
            "id": str(base + 10 + place),
            "is_na": False,
            "weight": survey.low + place,
            "description": {0: "Not at all", survey.choices - 1: "Extremely"}.get(place, ""),
        }
        for place in range(survey.choices)
    ]
    return {
        "id": str(base + 8),
        "position": 1,
        "visible": True,
        "family": "matrix",
        "subtype": "rating",
        "layout": None,
        "sorting": None,
        "required": None,
        "validation": None,
        "forced_ranking": False,
        "headings": [{"heading": survey.heading}],
        "href": f"{API}/surveys/{survey.ident}/pages/{base + 1}/questions/{base + 8}",
        "answers": {"rows": [{"position": 1, "visible": True, "text": "", "id": str(base + 9)}], "choices": choices},
    }


def _text_question(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "position": 2,
        "visible": True,
        "family": "open_ended",
        "subtype": "essay",
        "layout": None,
        "sorting": None,
        "required": None,
        "validation": None,
        "forced_ranking": False,
        "headings": [{"heading": "What else would you like to tell us?"}],
        "href": f"{API}/questions/{name}",
    }


def _paged(
    request: Request, rows: Any, path: str, most: int, make: Callable[[int], dict[str, Any]] | None = None
) -> dict[str, Any]:
    """One page of rows; the next link is missing on the last."""
    try:
        page = int(request.query_params.get("page", 1))
        size = min(most, int(request.query_params.get("per_page", 50)))
    except ValueError:
        raise RefusedError(400, "1000", "Bad Request", "Unable to process the request provided.") from None
    shown = rows[(page - 1) * size : page * size]
    links = {"self": f"{path}?page={page}&per_page={size}"}
    if page * size < len(rows):
        links |= {"next": f"{path}?page={page + 1}&per_page={size}", "last": f"{path}?page={-(-len(rows) // size)}"}
    data = list(shown) if make is None else [make(int(row)) for row in shown]
    return {"data": data, "per_page": size, "page": page, "total": len(rows), "links": links}


def _when(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")


def _instant(text: str) -> float:
    """A time without an offset is UTC."""
    try:
        told = dt.datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(400, "1004", "Bad Request", "Invalid date.") from None
    return (told if told.tzinfo else told.replace(tzinfo=dt.UTC)).timestamp()
