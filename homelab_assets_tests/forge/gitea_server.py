"""A simulated Gitea: the part of `/api/v1` that this project uses."""

from collections.abc import Mapping
from typing import Any

from homelab_assets_tests.forge.server import Face, Route
from homelab_assets_tests.forge.spec import load
from homelab_assets_tests.forge.state import NOW, Problem, Pull, Refused, Repository

_DRAFT = ("WIP:", "[WIP]")


class GiteaFace(Face):
    """Gitea's way of speaking. Labels go by id, drafts by title, pages are at most 50 long."""

    prefix = "/api/v1"

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository, load("gitea-v1.swagger.json"))

    def routed(self) -> list[Route]:
        return [
            self.route("GET", "", lambda **_: (200, self.repo())),
            self.route("GET", "/pulls", self.list_pulls),
            self.route("POST", "/pulls", self.create_pull),
            self.route("GET", "/pulls/{number}", lambda number, **_: (200, self.pull(self.repository.pull(number)))),
            self.route("PATCH", "/pulls/{number}", self.edit_pull),
            self.route("POST", "/pulls/{number}/merge", self.merge),
            self.route("GET", "/labels", self.list_labels),
            self.route("POST", "/labels", self.create_label),
            self.route("GET", "/issues", self.list_issues),
            self.route("POST", "/issues", self.create_issue),
            self.route("PATCH", "/issues/{number}", self.edit_issue),
            self.route("GET", "/issues/{number}/comments", self.list_comments),
            self.route("POST", "/issues/{number}/comments", self.create_comment),
            self.route("GET", "/commits/{sha}/status", self.status),
        ]

    def error(self, refused: Refused) -> Any:
        return {"message": str(refused.message), "url": f"{self.url}/api/swagger"}

    def page(self, items: list[Any], query: Mapping[str, str]) -> list[Any]:
        size, number = min(int(query.get("limit", 30)), 50), int(query.get("page", 1))
        return items[(number - 1) * size : number * size]

    # requests

    def list_pulls(self, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        wanted = query.get("state", "open")
        found = [self.repository.pull(pull.number) for pull in reversed(self.repository.pulls)]
        shown = [p for p in found if wanted == "all" or (p.state == "open") == (wanted == "open")]
        return 200, self.page([self.pull(p) for p in shown], query)

    def create_pull(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        pull = self.repository.open_pull(
            data["title"], data.get("body") or "", data["head"], data["base"], data["title"].startswith(_DRAFT),
            taken=409, missing=404,
        )  # fmt: skip
        pull.labels = self.names(data.get("labels") or ())
        return 201, self.pull(pull)

    def edit_pull(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        pull = self.repository.pull(number)
        if "state" in data:
            self.repository.set_state(pull, data["state"], refusal=412)
        pull.title, pull.body = data.get("title", pull.title), data.get("body", pull.body)
        pull.draft = pull.title.startswith(_DRAFT)
        if "labels" in data:
            pull.labels = self.names(data["labels"])
        return 201, self.pull(pull)

    def merge(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        self.repository.merge(number, data.get("head_commit_id"))
        return 200, None

    def create_label(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        number = len(self.repository.labels) + 1
        self.repository.labels[data["name"]] = {
            "id": number, "name": data["name"], "color": data["color"].lstrip("#"), "exclusive": False,
            "description": data.get("description", ""), "is_archived": False, "url": f"{self.url}/labels/{number}",
        }  # fmt: skip
        return 201, self.repository.labels[data["name"]]

    def list_issues(self, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        wanted = set(filter(None, query.get("labels", "").split(",")))
        found = [p for p in reversed(self.repository.problems) if wanted <= set(p.labels)]
        return 200, self.page([self.issue(problem) for problem in found], query)

    def create_issue(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        labels = self.names(data.get("labels") or ())
        issue = Problem(self.repository.number(), data["title"], data.get("body") or "", labels)
        self.repository.things[issue.number] = issue
        return 201, self.issue(issue)

    def edit_issue(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        thing = self.repository.thing(number)
        thing.title, thing.body = data.get("title", thing.title), data.get("body", thing.body)
        if "state" in data:
            self.repository.set_state(thing, data["state"], refusal=412)
        return 201, self.issue(thing)

    def list_comments(self, number: int, **_: Any) -> tuple[int, Any]:
        return 200, [self.comment(number, i, body) for i, body in enumerate(self.repository.thing(number).comments, 1)]

    def create_comment(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        comments = self.repository.thing(number).comments
        comments.append(data["body"])
        return 201, self.comment(number, len(comments), data["body"])

    def status(self, sha: str, **_: Any) -> tuple[int, Any]:
        state = self.repository.checks.get(sha, "")
        statuses = [{"id": 1, "status": state, "context": "ci"}] if state else []
        return 200, {"state": state or "pending", "sha": sha, "total_count": len(statuses), "statuses": statuses}

    # what they look like

    def names(self, ids: Any) -> list[str]:
        known = {label["id"]: name for name, label in self.repository.labels.items()}
        missing = [number for number in ids if number not in known]
        if missing:
            raise Refused(422, f"label does not exist [id: {missing[0]}]")
        return [known[number] for number in ids]

    def user(self) -> dict[str, Any]:
        return {"id": 1, "login": "larry", "full_name": "Larry", "email": "larry@home.arpa", "is_admin": True}

    def repo(self) -> dict[str, Any]:
        owner, _, name = self.repository.slug.partition("/")
        return {
            "id": 1, "name": name, "full_name": self.repository.slug, "owner": self.user() | {"login": owner},
            "default_branch": "main", "private": True, "fork": False, "html_url": f"{self.url}/{self.repository.slug}",
        }  # fmt: skip

    def pull(self, pull: Pull) -> dict[str, Any]:
        here = pull.head_repository == self.repository.slug
        branch = self.repository.branch(pull.head) if here else pull.commit
        repository = self.repo() if here else self.repo() | {"id": 2, "full_name": pull.head_repository, "fork": True}
        return {
            "id": pull.number, "number": pull.number, "title": pull.title, "body": pull.body, "user": self.user(),
            "state": "open" if pull.state == "open" else "closed", "draft": pull.draft,
            "merged": pull.state == "merged",
            "labels": [self.repository.labels[name] for name in pull.labels if name in self.repository.labels],
            "merge_commit_sha": pull.merge_commit, "mergeable": pull.state == "open", "comments": len(pull.comments),
            "html_url": f"{self.url}/{self.repository.slug}/pulls/{pull.number}", "created_at": NOW, "updated_at": NOW,
            "head": {"label": pull.head, "ref": pull.head if branch else f"refs/pull/{pull.number}/head",
                     "sha": pull.commit, "repo_id": repository["id"], "repo": repository},
            "base": {"label": pull.base, "ref": pull.base, "sha": self.repository.branch(pull.base), "repo_id": 1,
                     "repo": self.repo()},
        }  # fmt: skip

    def issue(self, thing: Pull | Problem) -> dict[str, Any]:
        return {
            "id": thing.number, "number": thing.number, "title": thing.title, "body": thing.body,
            "state": thing.state, "user": self.user(), "comments": len(thing.comments), "pull_request": None,
            "labels": [self.repository.labels[name] for name in thing.labels if name in self.repository.labels],
            "html_url": f"{self.url}/{self.repository.slug}/issues/{thing.number}", "created_at": NOW,
            "updated_at": NOW,
        }  # fmt: skip

    def comment(self, number: int, position: int, body: str) -> dict[str, Any]:
        return {"id": number * 1000 + position, "body": body, "user": self.user(), "created_at": NOW, "updated_at": NOW}
