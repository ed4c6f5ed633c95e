"""The pipeline's report in all formats that are written to disk."""

from collections.abc import Collection

from homelab_assets.rendering.json_text import json_text
from homelab_assets.rendering.junit import junit
from homelab_assets.rendering.pipeline_html import pipeline_html
from homelab_assets.rendering.pipeline_text import pipeline_cases
from homelab_assets.rendering.pipeline_words import Document


def report_texts(document: Document, *, docs: str = "../docs", runbooks: Collection[str] = ()) -> dict[str, str]:
    """Return text by file ending, for `reports.write_pipeline_report`; see `pipeline_html`."""
    return {
        "html": pipeline_html(document, docs=docs, runbooks=runbooks),
        "json": json_text(document),
        "xml": junit(pipeline_cases(document), name="media pipeline", timestamp=document["generated_at"]),
    }
