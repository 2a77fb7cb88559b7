import { expect, test } from "vitest";
import { adaptEntry } from "./entry.ts";

const PAGE = `<head><link href="https://fonts.example/css?a=b&c" rel="stylesheet">
<link href="static/css/main.css" rel="stylesheet"></head><body></body>`;

test("links to other servers are removed, and buttons that would be refused are hidden", () => {
  const safe = adaptEntry(PAGE, { safe: true, csrf: "the-token" });
  expect(safe).not.toContain("fonts.example");
  expect(safe).toContain('href="static/css/main.css"');
  expect(safe).toContain('<meta name="csrf" content="the-token" />');
  expect(safe).toContain("display: none }</style></head>");
  expect(adaptEntry(PAGE, { safe: false, csrf: "" })).not.toContain("<style>");
});
