"""Values → text, for people and for programs. Nothing here decides, reads or writes.

- Drift: `drift_terminal`, `drift_markdown`, `prometheus`, and `drift_findings` for CI; `drift_words` has the words that
  they share. Pull requests: `remediation_text`. Others: `structure_report`, `cleanup_report`, `status_text`;
- the media pipeline: `pipeline_text` and `pipeline_html`, with the words of `pipeline_words`; `pipeline_files` gives
  what is written to disk;
- formats that CI reads: `findings` is what checkers hand over; `sarif`, `github_annotations` and `junit` write it;
- at the bottom `markdown` makes text from outside safe for Markdown and terminals, `json_text` does so for JSON;
  `nouns` says what a number counts, `painter` has the colours, `templates` the Jinja2 templates.
"""
