import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OPERATIONS, operationsOf } from "./routes/table.ts";
import { appJwt } from "./appJwt.fixture.ts";
import { testGitHub, type Answered, type TestGitHub } from "./server/test-github.ts";

interface Description {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Content; $ref?: string }> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

type Content = Record<string, { readonly schema: object }>;

let world: TestGitHub;
let description: Description;
let ajv: Ajv;
let comment: string;
let ruleset: string;

/** A pruned copy of GitHub's description, with the operations that the sandbox answers. */
const FILE = join(import.meta.dirname, "../../fixtures/openapi.json");
const REGENERATE = "is not in packages/sandbox/fixtures/openapi.json: regenerate it, see the top of script/openapi.ts";

const REPO = "/repos/{owner}/{repo}";
const ISSUE = `${REPO}/issues/{issue_number}`;

beforeAll(async () => {
  description = JSON.parse(await readFile(FILE, "utf8"), nullable) as Description;
  ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: "github", components: description.components });
  world = await testGitHub();
  const { github, repo } = world;
  github.openIssue({ repo, title: "A bug", body: "It hurts.", labels: ["rpi-auto"] });
  comment = String(github.comment({ repo, number: 1, actor: "octo", body: "hello" }).id);
  github.removeLabel({ repo, number: 1, actor: "octo", label: "rpi-auto" });
  github.closeIssue({ repo, number: 1, actor: "octo" });
  github.reopenIssue({ repo, number: 1, actor: "octo" });
  github.lockIssue({ repo, number: 1, actor: "octo" });
  await github.addRuleset(repo, {
    exclude: ["refs/heads/users/**"],
    rules: [
      { type: "creation" },
      { type: "branch_name_pattern", parameters: { operator: "starts_with", pattern: "users/", negate: false } },
    ],
  });
  ruleset = String(github.rulesets(repo)[0]?.id);
  for (const branch of ["one", "two"])
    await github.commitTo({ repo, branch, files: { [branch]: "x" }, author: "octo" });
});

afterAll(async () => world.close());

/** OpenAPI 3.0 allows `nullable` beside a `$ref`, `oneOf` or `enum`; JSON Schema wants it spelled out. */
function nullable(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  const { nullable: isNullable, ...rest } = value;
  return isNullable === true ? { anyOf: [rest, { type: "null" }] } : rest;
}

function validator(method: string, path: string, status: number): ValidateFunction {
  const operation = description.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${path} ${REGENERATE}`);
  const schema = operation.responses[status]?.content?.["application/json"]?.schema;
  if (schema === undefined) throw new Error(`GitHub describes no ${status} of ${method} ${path}`);
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll("#/components", "github#/components")) as object);
}

/** Of an App, with its JSON web token; the code is of its manifest. */
const APP_CALLS: readonly [method: string, path: string, status: number][] = [
  ["GET", "/app", 200],
  ["GET", `${REPO}/installation`, 200],
  ["POST", "/app/installations/{installation_id}/access_tokens", 201],
  ["POST", "/app-manifests/{code}/conversions", 201],
];

/** In this order: later ones need what earlier ones made. */
const CALLS: readonly [method: string, path: string, status: number, body?: unknown][] = [
  ["GET", "/user", 200],
  ["GET", "/rate_limit", 200],
  ["GET", REPO, 200],
  ["GET", `${REPO}/collaborators/{username}/permission`, 200],
  ["POST", `${REPO}/issues`, 201, { title: "Another", body: "…", labels: ["bug"] }],
  ["GET", `${REPO}/issues`, 200],
  ["GET", ISSUE, 200],
  ["PATCH", ISSUE, 200, { title: "A bigger bug", state: "closed", labels: ["bug"] }],
  ["GET", `${ISSUE}/events`, 200],
  ["GET", `${ISSUE}/comments`, 200],
  ["POST", `${ISSUE}/comments`, 201, { body: "more" }],
  ["GET", `${REPO}/issues/comments`, 200],
  ["GET", `${REPO}/issues/comments/{comment_id}`, 200],
  ["PATCH", `${REPO}/issues/comments/{comment_id}`, 200, { body: "edited" }],
  ["POST", `${ISSUE}/labels`, 200, { labels: ["x", "y"] }],
  ["PUT", `${ISSUE}/labels`, 200, { labels: ["x", "z"] }],
  ["GET", `${ISSUE}/labels`, 200],
  ["DELETE", `${ISSUE}/labels/{name}`, 200],
  ["POST", `${REPO}/labels`, 201, { name: "new", color: "ffffff" }],
  ["GET", `${REPO}/labels`, 200],
  ["GET", `${REPO}/labels/{name}`, 200],
  ["POST", `${REPO}/pulls`, 201, { title: "One", head: "one", base: "main", body: "Fixes #2" }],
  ["GET", `${REPO}/pulls`, 200],
  ["GET", `${REPO}/pulls/{pull_number}`, 200],
  ["PATCH", `${REPO}/pulls/{pull_number}`, 200, { title: "The one" }],
  ["GET", `${REPO}/pulls/{pull_number}/reviews`, 200],
  ["GET", `${REPO}/pulls/{pull_number}/comments`, 200],
  ["PUT", `${REPO}/pulls/{pull_number}/merge`, 200],
  ["GET", `${REPO}/rules/branches/{branch}`, 200],
  ["GET", `${REPO}/rulesets/{ruleset_id}`, 200],
  ["GET", `${REPO}/issues?state=all`, 200],
  ["GET", `${REPO}/issues/{issue_number}`, 200],
];

it.each(CALLS)("%s %s answers %i in GitHub's shape", async (method, template, status, body) => {
  const values: Record<string, string> = {
    owner: "octo",
    repo: "thing",
    username: "helper",
    name: "x",
    branch: "auto%2Fx",
  };
  const numbers = { issue_number: "1", pull_number: "3", comment_id: comment, ruleset_id: ruleset };
  const path = fill(template, { ...values, ...numbers });
  if (template.endsWith("/reviews")) {
    const comments = [{ path: "one", line: 1, body: "Why?" }];
    world.github.review({ repo: world.repo, number: 3, actor: "helper", state: "COMMENTED", body: "Hm.", comments });
  }
  const answer = await world.ask(method, path, body === undefined ? {} : { body });
  expectShape(answer, { method, template, status });
});

it.each(APP_CALLS)("an App's %s %s answers %i in GitHub's shape", async (method, template, status) => {
  const { github } = world;
  const { id, privateKey } = github.createApp({ owner: "octo", slug: `app-${status}-${template.length}` });
  const installation = github.installApp({ app: id, repos: [world.repo] });
  const values = { owner: "octo", repo: "thing", installation_id: String(installation), code: await codeOf() };
  const body = method === "POST" ? { body: {} } : {};
  const answer = await world.ask(method, fill(template, values), { token: appJwt(privateKey, { iss: id }), ...body });
  expectShape(answer, { method, template, status });
});

async function codeOf(): Promise<string> {
  const manifest = JSON.stringify({ name: "new", redirect_url: "http://127.0.0.1:1/", default_permissions: {} });
  const form = { method: "POST", body: new URLSearchParams({ manifest }), redirect: "manual" } as const;
  const answer = await fetch(`${world.github.url}/settings/apps/new`, form);
  return new URL(answer.headers.get("location") ?? "").searchParams.get("code") ?? "";
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? key);
}

function expectShape(answer: Answered, call: { method: string; template: string; status: number }): void {
  const { method, template, status } = call;
  expect([answer.status, answer.text.slice(0, answer.status === status ? 0 : 300)]).toEqual([status, ""]);
  const check = validator(method, template.split("?")[0] ?? "", status);
  check(answer.data);
  expect((check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`)).toEqual([]);
}

it("has a description of every operation that the sandbox answers", () => {
  const described = new Set(operationsOf(description.paths));
  const missing = OPERATIONS.filter((key) => !described.has(key));
  expect(missing.map((key) => `${key} ${REGENERATE}`)).toEqual([]);
});

it("would notice a wrong shape", async () => {
  const check = validator("GET", REPO, 200);
  const { data } = await world.ask("GET", "/repos/octo/thing");
  expect(check({ ...(data as object), default_branch: 7 })).toBe(false);
});
