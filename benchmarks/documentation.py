"""What documenting a large lab costs: hosts with stacks of a web service, a database and media applications.

Makes all documents in one process, and says the time, the peak memory, the files and how near their diagrams come to
Mermaid's limits.

    python benchmarks/documentation.py [--hosts 50] [--services 40] [--output FOLDER]
"""

import argparse
import re
import resource
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from homelab_assets.documentation.generate import Material, generate
from homelab_assets.documentation.mermaid import MOST_CHARACTERS, MOST_EDGES
from homelab_assets_tests.documentation.estates import bind, capture, container, drifted, estate

MEDIA = ("radarr", "sonarr", "prowlarr", "qbittorrent", "bazarr")
_DIAGRAM = re.compile(r"^```mermaid\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_EDGE = re.compile(r"^ +n\d+ -", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description="Documenting a large lab.")
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--services", type=int, default=40, help="per host")
    parser.add_argument("--output", type=Path, help="also write the documents there")
    options = parser.parse_args()
    names = [f"ct-{number:02d}" for number in range(options.hosts)]
    started = time.perf_counter()
    captures = [capture(name, *_containers(name, options.services)) for name in names]
    seen = estate(*captures, verdicts=[drifted(name, "stack-01", "web-05", "image") for name in names])
    surveyed = time.perf_counter()
    documents = generate(Material(estate=seen)).docs
    written = time.perf_counter()
    diagrams = [match[1] for text in documents.values() for match in _DIAGRAM.finditer(text)]
    pages = {path: len(text.encode()) for path, text in documents.items() if path.endswith(".md")}
    largest = max(pages, key=pages.__getitem__)
    edges, characters = max(len(_EDGE.findall(text)) for text in diagrams), max(map(len, diagrams))
    assert edges <= MOST_EDGES, edges
    assert characters <= MOST_CHARACTERS, characters
    print(
        f"{len(seen.services)} services on {len(names)} hosts: {len(documents)} files, {sum(pages.values()) >> 20} MiB"
    )
    print(f"capture and survey {surveyed - started:.2f} s, documents {written - surveyed:.2f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print(f"largest page {largest}: {pages[largest] / 1024:.0f} KiB")
    print(f"{len(diagrams)} diagrams, at most {edges} edges and {characters} characters")
    for path, text in documents.items() if options.output else ():
        file = options.output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _containers(host: str, count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        stack = f"stack-{number // 4:02d}"
        if number < len(MEDIA):
            name, image, env, depends = MEDIA[number], f"lscr.io/linuxserver/{MEDIA[number]}:1.0", {}, ""
        elif number % 4 == 0:
            name, image, env, depends = f"db-{number:02d}", "postgres:16.3", {}, ""
        else:
            name, image = f"web-{number:02d}", "acme/web:1.0"
            env, depends = (
                {"DB_HOST": f"db-{number - number % 4:02d}"},
                f"db-{number - number % 4:02d}:service_started:false",
            )
        yield container(
            f"{stack}-{name}-1",
            image,
            stack=stack,
            service=name,
            networks={f"{stack}_default": (), "proxy": ()},
            env=env,
            depends_on=depends,
            labels={f"traefik.http.routers.{name}.rule": f"Host(`{name}.{host}.lan`)"},
            mounts=[bind("/media", "/media")] if name in MEDIA else (),
        )


if __name__ == "__main__":
    main()
