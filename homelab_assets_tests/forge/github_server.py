"""A simulated GitHub: the part of its REST interface that this project uses, and one GraphQL mutation."""

from collections.abc import Mapping
from typing import Any

from homelab_assets_tests.forge.server import Face, Route
from homelab_assets_tests.forge.spec import load
from homelab_assets_tests.forge.state import NOW, Problem, Pull, Refused, Repository

_USER_LINKS = (
    "followers following gists starred subscriptions organizations repos events received_events".split()  # noqa: SIM905
)
_REPOSITORY_LINKS = """
    archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads
    events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges
    milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees git clone ssh
    svn
""".split()  # noqa: SIM905


class GitHubFace(Face):
    """GitHub's way of speaking."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository, load("github-rest.trimmed.openapi.json"))

    def routed(self) -> list[Route]:
        return [
            self.route("GET", "", lambda **_: (200, self.repo())),
            self.route("GET", "/pulls", self.list_pulls),
            self.route("POST", "/pulls", self.create_pull),
            self.route("GET", "/pulls/{number}", lambda number, **_: (200, self.pull(self.repository.pull(number)))),
            self.route("PATCH", "/pulls/{number}", self.edit_pull),
            self.route("PUT", "/pulls/{number}/merge", self.merge),
            self.route("GET", "/labels", self.list_labels),
            self.route("POST", "/labels", self.create_label),
            self.route("POST", "/issues/{number}/labels", self.add_labels),
            self.route("PUT", "/issues/{number}/labels", self.set_labels),
            self.route("GET", "/issues", self.list_issues),
            self.route("POST", "/issues", self.create_issue),
            self.route("GET", "/issues/{number}", lambda number, **_: (200, self.issue(self.repository.thing(number)))),
            self.route("PATCH", "/issues/{number}", self.edit_issue),
            self.route("GET", "/issues/{number}/comments", self.list_comments),
            self.route("POST", "/issues/{number}/comments", self.create_comment),
            self.route("GET", "/commits/{sha}", lambda sha, **_: (200, self.commit(sha))),
            self.route("GET", "/commits/{sha}/status", self.status),
            self.route("GET", "/commits/{sha}/check-runs", self.list_check_runs),
            self.route("POST", "/graphql", self.graphql),
        ]

    def page(self, items: list[Any], query: Mapping[str, str]) -> list[Any]:
        size, number = int(query.get("per_page", 30)), int(query.get("page", 1))
        return items[(number - 1) * size : number * size]

    # requests

    def list_pulls(self, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        wanted = query.get("state", "open")
        found = [self.repository.pull(pull.number) for pull in reversed(self.repository.pulls)]
        shown = [p for p in found if wanted == "all" or (p.state == "open") == (wanted == "open")]
        keys = ("additions", "deletions", "changed_files", "commits", "comments", "review_comments", "mergeable",
                "mergeable_state", "merged", "maintainer_can_modify", "merged_by")  # fmt: skip
        pages = self.page([self.pull(p) for p in shown], query)
        return 200, [{key: value for key, value in pull.items() if key not in keys} for pull in pages]

    def create_pull(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        if data.get("draft") and not self.repository.drafts:
            raise Refused(422, "Draft pull requests are not supported in this repository.")
        pull = self.repository.open_pull(
            data["title"], data.get("body") or "", data["head"], data["base"], bool(data.get("draft")),
            taken=422, missing=422,
        )  # fmt: skip
        return 201, self.pull(pull)

    def edit_pull(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        pull = self.repository.pull(number)
        if len(data.get("body") or "") > 65_536:
            raise Refused(422, "body is too long (maximum is 65536 characters)")
        if "state" in data:
            self.repository.set_state(pull, data["state"], refusal=422)
        pull.title, pull.body = data.get("title", pull.title), data.get("body", pull.body)
        return 200, self.pull(pull)

    def merge(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        return 200, {"sha": self.repository.merge(number, data.get("sha")), "merged": True, "message": "merged"}

    def create_label(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        if data["name"] in self.repository.labels:
            raise Refused(422, "Validation Failed: already_exists")
        number = len(self.repository.labels) + 1
        label = {"id": number, "node_id": f"L{number}", "url": f"{self.url}/labels/{number}", "default": False}
        self.repository.labels[data["name"]] = label | {
            "name": data["name"], "color": data.get("color", "ededed"), "description": data.get("description"),
        }  # fmt: skip
        return 201, self.repository.labels[data["name"]]

    def add_labels(self, number: int, data: Any, **_: Any) -> tuple[int, Any]:
        thing = self.repository.thing(number)
        names = data if isinstance(data, list) else data["labels"]
        thing.labels = list(dict.fromkeys([*thing.labels, *names]))
        return 200, self.labels(thing)

    def set_labels(self, number: int, data: Any, **_: Any) -> tuple[int, Any]:
        thing = self.repository.thing(number)
        thing.labels = list(data if isinstance(data, list) else data["labels"])
        return 200, self.labels(thing)

    def list_issues(self, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        wanted = set(filter(None, query.get("labels", "").split(",")))
        found = [t for t in reversed(self.repository.things.values()) if wanted <= set(t.labels)]
        return 200, self.page([self.issue(thing) for thing in found], query)

    def create_issue(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        issue = Problem(self.repository.number(), data["title"], data.get("body") or "", list(data.get("labels") or ()))
        self.repository.things[issue.number] = issue
        return 201, self.issue(issue)

    def edit_issue(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        thing = self.repository.thing(number)
        thing.title, thing.body = data.get("title", thing.title), data.get("body", thing.body)
        if "state" in data:
            self.repository.set_state(thing, data["state"], refusal=422)
        return 200, self.issue(thing)

    def list_comments(self, number: int, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        comments = [self.comment(number, i, body) for i, body in enumerate(self.repository.thing(number).comments, 1)]
        return 200, self.page(comments, query)

    def create_comment(self, number: int, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        comments = self.repository.thing(number).comments
        comments.append(data["body"])
        return 201, self.comment(number, len(comments), data["body"])

    def status(self, sha: str, **_: Any) -> tuple[int, Any]:
        state = self.repository.checks.get(sha, "")
        statuses = [{"state": state, "context": "ci", "id": 1, "url": self.url}] if state else []
        return 200, {"state": state or "pending", "sha": sha, "total_count": len(statuses), "statuses": statuses}

    def list_check_runs(self, sha: str, **_: Any) -> tuple[int, Any]:
        conclusion = self.repository.check_runs.get(sha)
        output = {"title": None, "summary": None, "text": None, "annotations_count": 0, "annotations_url": self.url}
        run = {
            "id": 1, "name": "ci", "head_sha": sha, "node_id": "CR1", "external_id": "", "url": self.url,
            "html_url": None, "details_url": None, "status": "completed", "conclusion": conclusion,
            "started_at": None, "completed_at": None, "output": output, "check_suite": {"id": 1}, "app": None,
            "pull_requests": [],
        }  # fmt: skip
        runs = [run] if conclusion else []
        return 200, {"total_count": len(runs), "check_runs": runs}

    def graphql(self, data: Mapping[str, Any], **_: Any) -> tuple[int, Any]:
        draft = "convertPullRequestToDraft" in data["query"]
        if draft and not self.repository.drafts:
            words = "Draft pull requests are not supported in this repository."
            return 200, {"data": None, "errors": [{"type": "UNPROCESSABLE", "message": words}]}
        node = str(data["variables"]["input"]["pullRequestId"])
        self.repository.pull(int(node.removeprefix("PR"))).draft = draft
        name = "convertPullRequestToDraft" if draft else "markPullRequestReadyForReview"
        return 200, {"data": {name: {"clientMutationId": None, "pullRequest": {"isDraft": draft}}}}

    # what they look like

    def user(self) -> dict[str, Any]:
        base = f"{self.url}/users/larry"
        links = {f"{name}_url": f"{base}/{name}" for name in _USER_LINKS}
        return links | {
            "login": "larry", "id": 1, "node_id": "U1", "avatar_url": base, "gravatar_id": "", "url": base,
            "html_url": base, "type": "User", "site_admin": False,
        }  # fmt: skip

    def repo(self, full_name: str | None = None) -> dict[str, Any]:
        name = full_name or self.repository.slug
        base = f"{self.url}/repos/{name}"
        links = {f"{link}_url": f"{base}/{link}" for link in _REPOSITORY_LINKS}
        counts = dict.fromkeys(
            ("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers",
             "watchers_count", "network_count", "subscribers_count"), 0,
        )  # fmt: skip
        flags = dict.fromkeys(
            ("fork", "private", "archived", "disabled", "has_downloads", "has_issues", "has_projects", "has_wiki",
             "has_pages", "has_discussions"), False,
        )  # fmt: skip
        nothing = dict.fromkeys(("description", "homepage", "language", "mirror_url", "license"))
        return links | counts | flags | nothing | {
            "id": 1, "node_id": "R1", "name": name.partition("/")[2], "full_name": name, "owner": self.user(),
            "url": base, "html_url": f"{self.url}/{name}", "default_branch": "main", "pushed_at": NOW,
            "created_at": NOW, "updated_at": NOW,
        }  # fmt: skip

    def pull(self, pull: Pull) -> dict[str, Any]:
        base = f"{self.url}/repos/{self.repository.slug}"
        own = f"{base}/pulls/{pull.number}"
        link = {"href": own}
        names = ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")
        into = self.repository.branch(pull.base) or ""
        merged = pull.state == "merged"
        return {
            "id": pull.number, "node_id": f"PR{pull.number}", "number": pull.number, "title": pull.title,
            "body": pull.body, "state": "open" if pull.state == "open" else "closed", "locked": False,
            "draft": pull.draft, "user": self.user(), "labels": self.labels(pull), "assignee": None, "assignees": [],
            "milestone": None, "requested_reviewers": [], "requested_teams": [], "author_association": "OWNER",
            "auto_merge": None, "created_at": NOW, "updated_at": NOW,
            "closed_at": None if pull.state == "open" else NOW,
            "merged_at": NOW if merged else None, "merge_commit_sha": pull.merge_commit, "merged": merged,
            "mergeable": True, "mergeable_state": "clean", "merged_by": None, "additions": 1, "deletions": 1,
            "changed_files": 1, "commits": 1, "comments": len(pull.comments), "review_comments": 0,
            "maintainer_can_modify": False, "_links": dict.fromkeys(names, link), "url": own,
            "html_url": f"{self.url}/{self.repository.slug}/pull/{pull.number}", "diff_url": own, "patch_url": own,
            "issue_url": f"{base}/issues/{pull.number}", "comments_url": own, "commits_url": own,
            "review_comments_url": own, "review_comment_url": own, "statuses_url": own,
            "head": self.end(pull.head, pull.commit, pull.head_repository), "base": self.end(pull.base, into),
        }  # fmt: skip

    def end(self, ref: str, commit: str, slug: str | None = None) -> dict[str, Any]:
        return {"label": f"larry:{ref}", "ref": ref, "sha": commit, "user": self.user(), "repo": self.repo(slug)}

    def labels(self, thing: Pull | Problem) -> list[Any]:
        return [self.repository.labels[name] for name in thing.labels if name in self.repository.labels]

    def issue(self, thing: Pull | Problem) -> dict[str, Any]:
        base = f"{self.url}/repos/{self.repository.slug}/issues/{thing.number}"
        issue = {
            "id": thing.number, "node_id": f"I{thing.number}", "number": thing.number, "title": thing.title,
            "body": thing.body, "state": "open" if thing.state == "open" else "closed", "user": self.user(),
            "labels": self.labels(thing), "comments": len(thing.comments), "url": base, "html_url": base,
            "comments_url": f"{base}/comments", "created_at": NOW, "updated_at": NOW, "locked": False,
        }  # fmt: skip
        return issue | ({"pull_request": {"url": base, "html_url": base}} if thing.is_pull else {})

    def comment(self, number: int, position: int, body: str) -> dict[str, Any]:
        base = f"{self.url}/repos/{self.repository.slug}/issues"
        return {
            "id": number * 1000 + position, "node_id": f"C{position}", "body": body, "user": self.user(),
            "url": f"{base}/comments/{position}", "html_url": base, "issue_url": f"{base}/{number}",
            "created_at": NOW, "updated_at": NOW, "author_association": "OWNER",
        }  # fmt: skip

    def commit(self, sha: str) -> dict[str, Any]:
        return {"sha": sha, "node_id": "K1", "url": f"{self.url}/repos/{self.repository.slug}/commits/{sha}"}
