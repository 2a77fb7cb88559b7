import { expect, test } from "vitest";
import { expectHarmless, HOSTILE_TEXT } from "@tac8/core/testing/hostileText.fixture";
import { html } from "./html.ts";
import { isWebUrl, linked } from "./link.ts";
import { relative, timeTag } from "./time.ts";

test("values are escaped, nested html is not, lists are joined, null and false leave nothing", () => {
  const evil = `<script>"&'`;
  expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
    '<p title="&lt;script&gt;&quot;&amp;&#39;">&lt;script&gt;&quot;&amp;&#39;</p>',
  );
  expect(html`${[html`<b>${1}</b>`, "<", null, false, 0]}!`.text).toBe("<b>1</b>&lt;0!");
  expect(html`<p title="${"\u202Eevil"}">${"\u2067a\u2069\u200F"}</p>`.text).toBe('<p title="evil">a</p>');
  expect(html`${"half \uD800"}`.text).toBe("half \uFFFD");
});

test("text of agents and strangers contains no control codes and no hidden characters on a page", () => {
  expectHarmless(html`<p title="${HOSTILE_TEXT}">${HOSTILE_TEXT}</p>`.text);
});

test.each([
  [0, "just now"],
  [-12_000, "12 s ago"],
  [-5 * 60_000, "5 min ago"],
  [90_000, "in 1 min"],
  [-30 * 3_600_000, "30 h ago"],
  [-50 * 3_600_000, "2 d ago"],
])("a distance of %i ms is %s", (distance, expected) => {
  expect(relative(1e12 + distance, 1e12)).toBe(expected);
});

test("an invalid time does not break the page", () => {
  expect(timeTag(Number.NaN, 0).text).toContain("?");
  expect(timeTag(9e15, 0).text).toContain("?");
  expect(timeTag(0, 0).text).toContain('datetime="1970-01-01T00:00:00.000Z"');
});

test("only web addresses become links", () => {
  expect(isWebUrl("https://a/b")).toBe(true);
  expect(isWebUrl("javascript:alert(1)")).toBe(false);
  expect(isWebUrl("https://")).toBe(false);
  expect(isWebUrl(null)).toBe(false);
});

test("in texts of tac8, only addresses of the repository's issues and pull requests become links", () => {
  const text = "Opened https://h/Octo/Hello/pull/5. See https://evil/a/b/pull/5 and https://h/octo/hello/x";
  expect(html`${linked(text, "https://h/octo/hello")}`.text).toBe(
    'Opened <a href="https://h/Octo/Hello/pull/5">https://h/Octo/Hello/pull/5</a>. See https://evil/a/b/pull/5 and https://h/octo/hello/x',
  );
});
