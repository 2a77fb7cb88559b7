import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testGitHub, type TestGitHub } from "../server/test-github.ts";

let world: TestGitHub;

beforeEach(async () => {
  world = await testGitHub();
});

afterEach(async () => world.close());

const open = (path: string) => world.ask("GET", path, { token: "", headers: { accept: "text/html" } });

async function press(path: string, fields: Record<string, string>, from: Record<string, string>): Promise<number> {
  const body = new URLSearchParams(fields);
  const answer = await fetch(world.github.url + path, { method: "POST", redirect: "manual", body, headers: from });
  return answer.status;
}

it("shows repositories, issues and a pull request with its diff, escaped", async () => {
  const { github, repo } = world;
  github.openIssue({
    repo,
    title: "<script>alert(1)</script>",
    body: "<img src=x onerror=alert(1)> `a<b`",
    labels: ["<b>"],
  });
  await github.commitTo({ repo, branch: "fix", files: { "a.html": "<h1>new</h1>\n" }, author: "octo" });
  await world.ask("POST", "/repos/octo/thing/pulls", { body: { title: "Fix", head: "fix", base: "main" } });
  expect((await open("/")).text).toContain("octo/thing");
  const list = await open("/octo/thing");
  const policy = list.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  const inline = [...list.text.matchAll(/<(?:style|script)>([\s\S]*?)<\/(?:style|script)>/g)].map(
    (found) => found[1] ?? "",
  );
  for (const text of inline) expect(policy).toContain(createHash("sha256").update(text).digest("base64"));
  expect(inline).toHaveLength(2);
  expect(list.text).toContain("&lt;script&gt;alert(1)");
  const issue = (await open("/octo/thing/issues/1")).text;
  expect(issue).not.toMatch(/<img|<script>alert/);
  expect(issue).toContain("<code>a&lt;b</code>");
  expect((await open("/octo/thing/pull/2")).text).toContain('<span class="add">+&lt;h1&gt;new&lt;/h1&gt;</span>');
  expect((await open("/octo/none")).status).toBe(404);
});

it("takes a comment and labels from its own form, and from no other page", async () => {
  const { github, repo } = world;
  github.openIssue({ repo, title: "A question" });
  const path = "/octo/thing/issues/1";
  const ours = { origin: github.url, "sec-fetch-site": "same-origin" };
  expect(await press(path, { do: "comment", body: "two" }, { origin: "http://evil.example" })).toBe(403);
  expect(await press(path, { do: "comment", body: "two" }, { ...ours, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await press(path, { do: "comment", body: "two" }, {})).toBe(403);
  expect(github.comments(repo, 1)).toEqual([]);
  expect(await press(path, { do: "comment", body: "two" }, ours)).toBe(303);
  expect(await press(path, { do: "label", label: "rpi-auto" }, ours)).toBe(303);
  expect(await press(path, { do: "close" }, ours)).toBe(303);
  expect(github.comments(repo, 1)).toMatchObject([{ author: "octo", body: "two" }]);
  expect(github.issue(repo, 1)).toMatchObject({ labels: ["rpi-auto"], state: "closed" });
});
