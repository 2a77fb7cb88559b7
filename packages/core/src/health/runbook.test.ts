import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import manifest from "../../../../package.json" with { type: "json" };
import { BUDGET_HOLD } from "../domain/budget.ts";
import { OPERATOR } from "../domain/holds.ts";
import { HEALTH_HOLD } from "./evaluate.ts";
import { HEALTH_KINDS, RUNBOOK, runbookOf } from "../domain/healthKinds.ts";

const root = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const runbook = read("docs/runbook.md");

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** A section's text, up to the next heading. */
function sectionOf(anchor: string): string {
  const found = runbook.split(/^(?=#+ )/m).find((part) => anchorsOf(part)[0] === anchor);
  return found ?? "";
}

test.each(HEALTH_KINDS)("the runbook has a section on the reason %s, with a cure", (kind) => {
  expect(anchorsOf(runbook)).toContain(kind);
  expect(sectionOf(kind).length).toBeGreaterThan(80);
  expect(runbookOf(`${kind}:pi-1`)).toBe(`${RUNBOOK}#${kind}`);
});

test("it has a row for each hold that tac8 sets", () => {
  const policies = [...read("packages/core/src/domain/failures.ts").matchAll(/hold: "([\w-]+)"/g)].map(
    ([, name]) => name,
  );
  expect(policies).toContain("usage-limit");
  const ofRepository = "repo:OWNER/NAME";
  const named = policies.map((name) => (name === "repository" ? ofRepository : name));
  const rows = sectionOf("hold");
  for (const name of [...named, BUDGET_HOLD, OPERATOR, HEALTH_HOLD, "breaker", "redis-emptied"]) {
    expect(rows).toContain(`| \`${name}\``);
  }
});

test("it has a section on each alert, which the alert links to", () => {
  const rules = read("deploy/prometheus/tac8.rules.yml");
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = ""]) => name);
  const urls = [...rules.matchAll(/runbook_url: ['"](.*)['"]$/gm)].map(([, url]) => url);
  expect(alerts.length).toBeGreaterThan(5);
  expect(urls).toHaveLength(alerts.length);
  for (const [index, name] of alerts.entries()) {
    expect(anchorsOf(runbook)).toContain(name.toLowerCase());
    const ofReason = `${RUNBOOK}#{{ reReplaceAll ":.*" "" $labels.code }}`;
    expect([ofReason, `${RUNBOOK}#${name.toLowerCase()}`]).toContain(urls[index]);
  }
});

test("it has a row for each check of tac8 doctor", () => {
  const folder = new URL("apps/cli/src/doctor/checks/", root);
  const names = readdirSync(folder)
    .filter((name) => !name.includes(".test."))
    .flatMap((name) => /: Check = \{\s*name: "([^"]+)"/.exec(readFileSync(new URL(name, folder), "utf8"))?.[1] ?? []);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(sectionOf("tac8-doctor")).toContain(`| ${name} `);
});

test("its links lead to headings that are there", () => {
  const links = [...runbook.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  expect(links.length).toBeGreaterThan(20);
  for (const [, file = "", anchor] of links) {
    const text = file === "" ? runbook : readFileSync(new URL(file, new URL("docs/", root)), "utf8");
    if (anchor !== undefined) expect(anchorsOf(text), `${file}#${anchor}`).toContain(anchor);
  }
});

test("its address is that of this repository", () => {
  expect(RUNBOOK).toBe(manifest.repository.url.replace(/^git\+|\.git$/g, "") + "/blob/main/docs/runbook.md");
});
