import { expect, test } from "vitest";
import { cardLink, cardTitle } from "./cards.ts";

const data = {
  owner: "octo",
  repo: "hello",
  number: 471,
  repositoryId: 1,
  title: "Fix it",
  url: "https://github.com/octo/hello/issues/471",
};
const job = { name: "issue", data, returnvalue: null };
const prUrl = "https://github.com/octo/hello/pull/501";

test("a card is named by its issue", () => {
  expect(cardTitle(job)).toBe("octo/hello#471 Fix it");
  expect(cardTitle({ ...job, data: { ...data, title: 5 } })).toBe("octo/hello#471");
  expect(cardTitle({ ...job, data: null })).toBe("issue");
  expect(cardTitle({ ...job, data: { ...data, title: "x".repeat(1000) } }).length).toBeLessThan(200);
});

test("it links to the pull request if there is one, else to the issue", () => {
  expect(cardLink(job)).toEqual({ displayText: "Issue", href: data.url });
  expect(cardLink({ ...job, returnvalue: { outcome: "pr", prUrl } })).toEqual({
    displayText: "Pull request",
    href: prUrl,
  });
  expect(cardLink({ ...job, returnvalue: { prUrl: null } })?.href).toBe(data.url);
});

test("never to a script", () => {
  expect(cardLink({ ...job, returnvalue: { prUrl: "javascript:alert(1)" } })?.href).toBe(data.url);
  expect(cardLink({ ...job, data: { ...data, url: "javascript:alert(1)//https://x" } })).toBeNull();
  expect(cardLink({ ...job, data: "text" })).toBeNull();
});
